// Answers what no route is for: 404, or what may be done there where only the method is another one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VpcflowError } from '../../../schemas/errors.ts';
import { sendProblem } from './problem.ts';
import type { App } from './route.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Methods that a path is registered for. */
function methodsOf(app: App, path: string): readonly string[] {
  return METHODS.filter((method) => {
    try {
      return app.findRoute({ method, url: path }) !== null;
    } catch {
      return false; // a path that cannot be one
    }
  });
}

/** OPTIONS says which methods there are; no page of another site is told that it may use them. */
export const answerNotFound =
  (app: App) =>
  (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { method, url } = request;
    const [path] = url.split('?', 1);
    const methods = methodsOf(app, path);
    if (methods.length === 0)
      return sendProblem(reply, new VpcflowError('VF_NOT_FOUND', `there is no ${method} ${path}`));
    reply.header('allow', [...methods, 'OPTIONS'].join(', '));
    if (method === 'OPTIONS') return reply.code(204).send();
    return sendProblem(reply, new VpcflowError('VF_METHOD', `${path} does not take ${method}`));
  };

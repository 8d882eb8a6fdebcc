// POST and GET /digest and /graph, and POST /jobs: the API of vpcflow-digesterd and vpcflow-grapherd, as it was.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { asksForWindow, type Mount, mountsOf } from '../../../pipeline/predecessor/mounts.ts';
import { windowId } from '../../../pipeline/predecessor/window-id.ts';
import { queuedJob, requestedWindow } from '../../../pipeline/predecessor/window-request.ts';
import { completeText } from '../../../pipeline/window/completeness.ts';
import { ERRORS, VpcflowError } from '../../../schemas/errors.ts';
import { plainAnswers } from '../openapi/answers.ts';
import { WindowJobs } from '../predecessor/window-jobs.ts';
import { asVpcflowError, problemHeaders } from '../server/problem.ts';
import type { App, RegisterRoutes, RouteServices } from '../server/route.ts';
import { checkLength } from '../server/window-limit.ts';

/** Both daemons' only type: of the gzip object, which is no encoding of something else, and of the DOT text. */
const BYTES = 'application/octet-stream';

const TEXT = 'text/plain; charset=utf-8';

const WORDS = { digest: 'lines', graph: 'graph' } as const;

const QUERY = z.looseObject({
  start: z.unknown().optional().describe('First minute, RFC 3339, required; what is finer than a minute is cut off'),
  stop: z.unknown().optional().describe('End, exclusive, RFC 3339, required'),
});

/** Of the API the body is `{"message"}`, of the worker text. */
const FAILURES = {
  400: 'A time is missing or cannot be read, or start is not before stop',
  401: 'The server wants a token of --token-file',
  403: 'The token does not allow it, or a page of somewhere else asks',
  422: 'The window is longer than --max-window',
  503: 'The store does not answer, or the server is full or stopping',
};

export const predecessorRoutes: RegisterRoutes = (app, services) => {
  const mounts = mountsOf({ digest: services.digestAt, graph: services.graphAt });
  const { query, metrics, jobTimeout, stopping } = services;
  const jobs = new WindowJobs({
    ...{ query, meter: metrics.meter, log: app.log },
    ...{ timeout: jobTimeout, stopping },
  });
  app.addHook('preClose', async () => jobs.stop());
  app.addHook('onClose', () => jobs.ended());
  if (mounts.some(({ path }) => path === '/')) shareRoot(app);
  app.register(async (scope) => {
    // Their clients send an empty body of no type, their queue JSON as octets: whatever it is called, it is bytes here.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    workerRoute(scope.withTypeProvider(), services, jobs);
    for (const mount of mounts) windowRoutes(scope.withTypeProvider(), services, jobs, mount);
  });
};

function windowRoutes(app: App, { maxWindow }: RouteServices, jobs: WindowJobs, { path, kind }: Mount): void {
  if (app.hasRoute({ method: 'GET', url: path }) && path !== '/') {
    throw new VpcflowError('VF_USAGE', `--${kind}-at ${path}: something else is there already`);
  }
  const hide = path !== `/${kind}`;
  const schema = { tags: ['predecessor'], querystring: QUERY, hide };
  app.route({
    ...{ method: 'POST', url: path, errorHandler: sendMessage },
    schema: { ...schema, summary: `Begin to make the ${WORDS[kind]} of a window` },
    config: {
      role: 'operate',
      ...plainAnswers('', {}, [], {
        202: 'It is begun: poll with GET',
        409: 'It is being made already, or is there: `{"message"}`',
        ...FAILURES,
      }),
    },
    handler: async (request, reply) => {
      const window = requestedWindow(request.query);
      checkLength(window, maxWindow);
      const begun = await jobs.begin(kind, window);
      if (typeof begun === 'object') return reply.code(202).send();
      const what = begun === 'wait' ? 'is being created' : 'already exists';
      return reply.code(409).send({ message: `${kind} ${windowId(kind, window)} ${what}` });
    },
  });
  app.route({
    ...{ method: 'GET', url: path, errorHandler: sendMessage },
    ...(path === '/' ? { constraints: { [ROOT]: GIVEN } } : {}),
    schema: { ...schema, summary: `The ${WORDS[kind]} of a window, once made` },
    config: {
      limited: false, // their clients poll, and give up at a 429
      ...plainAnswers(kind === 'digest' ? 'The lines, a gzip object' : 'The graph, DOT', { [BYTES]: null }, [], {
        204: 'It is being made',
        404: 'Nobody asked for it, or the job failed: begin it with POST',
        ...FAILURES,
      }),
    },
    handler: async (request, reply) => {
      const window = requestedWindow(request.query);
      checkLength(window, maxWindow);
      const result = await jobs.result(kind, window);
      if (result === 'wait') return reply.code(204).send();
      if (result === null) return reply.code(404).send();
      const { body, note } = result;
      reply.headers({ 'x-vpcflow-complete': completeText(note === null ? true : note.answer) });
      return reply.type(BYTES).header('cache-control', 'private, no-cache').send(body);
    },
  });
}

/** What their queue posts to: answers when the job is done, so that a queue may bring a job again that failed. */
function workerRoute(app: App, { maxWindow }: RouteServices, jobs: WindowJobs): void {
  app.route({
    ...{ method: 'POST', url: '/jobs' },
    errorHandler: sendText,
    schema: {
      tags: ['predecessor'],
      summary: 'Do a queued job: {"id","start","stop"}; the id of a graph asks for the graph, any other for the digest',
    },
    config: {
      role: 'operate',
      ...plainAnswers('', {}, [], {
        204: 'It is done, or had been',
        409: 'Another server is at it: bring it again',
        500: 'It failed: the reason as text',
        ...FAILURES,
      }),
    },
    handler: async (request, reply) => {
      // Whatever the type, the parser gives bytes; without a body there are none.
      const { kind, window } = queuedJob((request.body as Buffer | undefined) ?? Buffer.alloc(0));
      checkLength(window, maxWindow);
      const begun = await jobs.begin(kind, window);
      const done = typeof begun === 'object' ? begun.done : jobs.underWay(kind, window);
      if (begun === 'wait' && done === null) {
        const text = `${kind} ${windowId(kind, window)} is being created`;
        return reply.code(409).type(TEXT).send(text);
      }
      if (begun !== 'nothing') await done;
      return reply.code(204).send();
    },
  });
}

const ROOT = 'window';
const GIVEN = 'given';

/** Lets the API and the page share the root: where a window is asked for the API answers, everywhere else the page. */
function shareRoot(app: App): void {
  app.addConstraintStrategy({
    name: ROOT,
    storage: () => {
      const handlers = new Map<unknown, Parameters<ConstraintStore['set']>[1]>();
      return {
        get: (value) => handlers.get(value) ?? null,
        set: (value, handler) => void handlers.set(value, handler),
      };
    },
    validate: () => undefined,
    deriveConstraint: (request) => (asksForWindow(request.url ?? '') ? GIVEN : undefined),
  });
}

type ConstraintStore = ReturnType<Parameters<App['addConstraintStrategy']>[0]['storage']>;

/** Errors as the clients of the API know them. */
function sendMessage(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return failed(error, request, reply).send({ message: known(error).sentence });
}

/** Errors as the queue of the worker knows them. */
function sendText(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return failed(error, request, reply).type(TEXT).send(known(error).sentence);
}

const known = (error: FastifyError): VpcflowError => asVpcflowError(error);

function failed(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, message, cause } = known(error);
  if (code === 'VF_QUERY') request.log.error({ err: cause ?? error }, message);
  return reply.headers(problemHeaders(code)).code(ERRORS[code].status);
}

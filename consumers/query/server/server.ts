// The query server: questions about windows over HTTP, on loopback only.
import type { AddressInfo } from 'node:net';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { pino } from 'pino';
import { VpcflowError } from '../../../schemas/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';
import { OPTIONS } from '../../shared/options.ts';
import { openQueryService } from '../../shared/query/service.ts';
import { openApiOptions } from '../openapi/document.ts';
import { guard } from './guard.ts';
import { serverMetrics } from './metrics.ts';
import { asVpcflowError, sendProblem } from './problem.ts';
import type { App, RouteServices } from './route.ts';
import { ROUTES } from './route-table.ts';
import type { QueryServerOptions } from './server-options.ts';

export interface QueryServer {
  /** `http://127.0.0.1:8080`, without a slash at its end. */
  readonly url: string;
  /** Accepts no more requests, lets those that it has finish for a while, then ends them. */
  close(): Promise<void>;
}

const DEFAULT_MAX_REQUESTS = 256;
const DEFAULT_QUERY_TIMEOUT = 120_000; // ms
const SHUTDOWN_GRACE = 5000; // ms
const REQUEST_TIMEOUT = 30_000; // ms, for the request to arrive whole

/** Starts listening. Throws VF_BIND_REFUSED for a host that others can reach, VF_PORT_IN_USE. */
export async function startQueryServer(options: QueryServerOptions): Promise<QueryServer> {
  const { store, clock, host = '127.0.0.1', port = 8080, queryTimeout = DEFAULT_QUERY_TIMEOUT } = options;
  if (!isLoopback(host)) {
    throw new VpcflowError('VF_BIND_REFUSED', `${host} can be reached from elsewhere, and there is no authentication`);
  }
  const query = await openQueryService({
    ...{ store, clock },
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
    ...(options.cacheDirectory === undefined ? {} : { cacheDirectory: options.cacheDirectory }),
  });
  const stopping = new AbortController();
  const { digestAt = null, graphAt = null, ownNetworks = null } = options;
  const { maxWindow = OPTIONS.maxWindow.default, jobTimeout = OPTIONS.jobTimeout.default } = options;
  const services = {
    ...{ query, metrics: serverMetrics(), queryTimeout, stopping: stopping.signal },
    ...{ maxWindow, ownNetworks, digestAt, graphAt, jobTimeout },
  };
  try {
    const app = await buildApp(services, options);
    await listen(app, host, port);
    return {
      url: urlOf(app, host),
      close: async () => {
        const closed = new AbortController();
        void clock.sleep(SHUTDOWN_GRACE, closed.signal).then(() => {
          stopping.abort();
          app.server.closeAllConnections();
        });
        await app.close();
        closed.abort();
        await query.close();
      },
    };
  } catch (error) {
    await query.close();
    throw error;
  }
}

async function buildApp(services: RouteServices, options: QueryServerOptions): Promise<App> {
  const { metrics } = services;
  const logger: FastifyBaseLogger = options.log ? pino({ base: null }, options.log) : pino({ enabled: false });
  const app: App = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: 'idle',
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  guard(app, metrics, options.maxRequests ?? DEFAULT_MAX_REQUESTS);
  app.addHook('onRequest', async (request, reply) => {
    const began = performance.now();
    reply.raw.once('close', () => {
      const ms = performance.now() - began;
      const [route, status] = [request.routeOptions.url ?? 'unknown', String(reply.raw.statusCode)];
      metrics.requests.inc({ route, method: request.method, status });
      metrics.seconds.observe({ route }, ms / 1000);
      const whole = reply.raw.writableFinished;
      request.log.info({ method: request.method, url: request.url, status, ms: Math.round(ms), whole }, 'request');
    });
  });
  app.setErrorHandler((error, request, reply) => {
    if (hasZodFastifySchemaValidationErrors(error)) return sendProblem(reply, badParameter(error.validation));
    const known = asVpcflowError(error);
    if (known.code === 'VF_QUERY') request.log.error({ err: known.cause ?? known }, known.message);
    return sendProblem(reply, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split('?', 1);
    return sendProblem(reply, new VpcflowError('VF_NOT_FOUND', `there is no ${request.method} ${path}`));
  });
  await app.register(swagger, openApiOptions);
  await app.register(async (routes) => {
    for (const register of ROUTES) register(routes.withTypeProvider(), services);
  });
  await app.ready();
  return app;
}

/** All that is wrong with the parameters, in one error. */
function badParameter(problems: readonly { readonly instancePath: string; readonly message?: string }[]): VpcflowError {
  const texts = problems.map(({ instancePath, message }) => `${instancePath.replace(/^\//, '')} ${message}`.trim());
  return new VpcflowError('VF_BAD_PARAMETER', texts.join('; '));
}

async function listen(app: App, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EADDRINUSE') throw new VpcflowError('VF_PORT_IN_USE', `port ${port} of ${host} is taken`, { cause });
    throw new VpcflowError('VF_BIND_REFUSED', `cannot listen on ${host}, port ${port}: ${code}`, { cause });
  }
}

function urlOf(app: App, host: string): string {
  // A server that listens on a TCP port has an address of this shape.
  const { port } = app.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

// Builds the application that answers requests: what is checked before a route, the routes, and what is said of failures.
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyError, LogController } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { pino } from 'pino';
import { printableUrl } from '../../../pipeline/access/printable-url.ts';
import type { ErrorCode } from '../../../schemas/errors.ts';
import type { LogDestination } from '../../shared/log.ts';
import { openApiOptions } from '../openapi/document.ts';
import { countRequest, logRequests, REQUEST_ID, requestId } from './access-log.ts';
import { badParameter } from './bad-parameter.ts';
import { everyHeader, type GuardOptions, guard } from './guard.ts';
import { createListener, type Listener } from './listener.ts';
import { answerNotFound } from './not-found.ts';
import { asVpcflowError, sendProblem } from './problem.ts';
import type { App, RouteServices } from './route.ts';
import { ROUTES } from './route-table.ts';
import type { TlsPair } from './tls-files.ts';

/** Of a request; a route that takes more says so itself. */
const BODY_LIMIT = 64 * 1024; // bytes

/** After these nobody knows whether the next question can be answered. */
const DOUBTFUL = new Set<ErrorCode>(['VF_STORE_UNREACHABLE', 'VF_CACHE', 'VF_QUERY']);

export interface ApplicationOptions {
  readonly services: RouteServices;
  readonly guard: Omit<GuardOptions, 'meter' | 'isTls'>;
  readonly pair: TlsPair | null;
  readonly requestTimeout: number | undefined; // ms
  readonly log: LogDestination;
  /** Told that an answer failed in a way in which others may fail too. */
  readonly doubt: () => void;
}

export interface Application {
  readonly app: App;
  /** Connections from here on are made with this pair. */
  readonly renew: Listener['renew'];
}

export async function buildApplication(options: ApplicationOptions): Promise<Application> {
  const { services, pair, doubt } = options;
  const { meter } = services.metrics;
  const logger: FastifyBaseLogger = pino({ base: null }, options.log);
  let listener: Listener | null = null;
  const app: App = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    genReqId: requestId,
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    serverFactory: (handler) => {
      listener = createListener(handler, {
        ...{ pair, requestTimeout: options.requestTimeout },
        refused: ({ code, message }, request, client) => {
          meter.count('httpRefused', 1, { reason: 'malformed' });
          logger.info({ request, client, code }, message);
        },
      });
      return listener.server;
    },
    frameworkErrors: (error, request, reply) => {
      // No hook has run: it is counted and told of here.
      const known = asVpcflowError(error);
      meter.count('httpRefused', 1, { reason: 'malformed' });
      logger.info({ request: request.id, url: printableUrl(request.url), code: known.code }, 'malformed request');
      countRequest(meter, 'unknown', request.method, 400, 0);
      sendProblem(reply.headers(everyHeader(pair !== null)).header(REQUEST_ID, request.id), known);
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  logRequests(app, meter);
  guard(app, { ...options.guard, meter, isTls: pair !== null });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (hasZodFastifySchemaValidationErrors(error)) return sendProblem(reply, badParameter(error.validation, request));
    const known = asVpcflowError(error);
    const told = !reply.raw.destroyed; // a client that has left is no failure
    if (told && known.code === 'VF_QUERY') request.log.error({ err: known.cause ?? known }, known.message);
    if (told && DOUBTFUL.has(known.code)) doubt();
    return sendProblem(reply, known);
  });
  app.setNotFoundHandler(answerNotFound(app));
  await app.register(swagger, openApiOptions);
  await app.register(async (routes) => {
    for (const register of ROUTES) register(routes.withTypeProvider(), services);
  });
  await app.ready();
  return { app, renew: (next) => listener?.renew(next) };
}

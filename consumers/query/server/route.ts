// What a route of the query server is given: the application to register on, and the services to answer with.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { QueryService } from '../../shared/query/service.ts';
import type { ServerMetrics } from './metrics.ts';

/** The typed application: a route's zod schemas give its parameters their types and /openapi.json its text. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface RouteServices {
  readonly query: QueryService;
  readonly metrics: ServerMetrics;
  /** How long an answer may take, ms. */
  readonly queryTimeout: number;
  /** Aborted when the server gives up what still runs. */
  readonly stopping: AbortSignal;
}

/** One file a route (or a few that belong together) in routes/, listed in route-table.ts. */
export type RegisterRoutes = (app: App, services: RouteServices) => void;

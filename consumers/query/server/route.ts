// What a route of the query server is given: the application to register on, and the services to answer with.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Principal, Role } from '../../../schemas/access.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { ServerMetrics } from './metrics.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may ask, where a server knows who asks: `read` where it is not said, `none` for everybody. */
    role?: Role | 'none';
    /** False where asking does not count towards --rate-limit. */
    limited?: boolean;
  }
  interface FastifyRequest {
    /** Who asks; null where that is not asked for. */
    user: Principal | null;
  }
}

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
  /** The longest window that may be asked for, ms; the service itself refuses a longer one. */
  readonly maxWindow: number;
  /** Networks that are not the internet, where a question names none. */
  readonly ownNetworks: readonly string[];
  /** Where the predecessors' API is mounted beside /digest and /graph; null: nowhere. */
  readonly digestAt: string | null;
  readonly graphAt: string | null;
  /** After this time a job of /digest or /graph may be taken over, ms. */
  readonly jobTimeout: number;
  /** What the server cannot do at this moment, by name (`draining`, `store`, …); empty where it is ready. Takes 5 s at most. */
  readonly unready: () => Promise<readonly string[]>;
  /** Aborted when the server gives up what still runs. */
  readonly stopping: AbortSignal;
}

/** One file a route (or a few that belong together) in routes/, listed in route-table.ts. */
export type RegisterRoutes = (app: App, services: RouteServices) => void;

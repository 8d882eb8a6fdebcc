// Opens all that a query server answers with: who may ask, the store's questions, metrics, and the application.
import { collectDefaultMetrics } from 'prom-client';
import { logTo } from '../../shared/log.ts';
import { isLocal, openQueryService } from '../../shared/query/service.ts';
import type { WatchedFiles } from '../../shared/watched-files.ts';
import { type Access, openAccess } from './access.ts';
import { type Application, buildApplication } from './application.ts';
import { serverMetrics } from './metrics.ts';
import { RateLimit } from './rate-limit.ts';
import type { QueryServerOptions } from './server-options.ts';
import { openTlsFiles, type TlsPair } from './tls-files.ts';
import { partsOf, readinessOf } from './unready.ts';
import { withLongestWindow } from './window-limit.ts';

/** How far the end of a server is. */
export interface Ending {
  /** Aborted when the server is not to be given requests any more. */
  readonly draining: AbortSignal;
  /** Aborted when it gives up what still runs. */
  readonly stopping: AbortSignal;
}

export interface OpenedServer {
  /** Null where everybody on this machine may ask. */
  readonly access: Access | null;
  /** Null for HTTP. */
  readonly files: WatchedFiles<TlsPair> | null;
  readonly application: Application;
}

/** What is to be closed is added to `opened`, also where this rejects: as `startQueryServer` does. */
export async function openServer(
  options: QueryServerOptions,
  ending: Ending,
  opened: AsyncDisposableStack,
): Promise<OpenedServer> {
  const { store, clock, maxWindow, rateLimit, tls } = options;
  const destination = options.log ?? { write: () => {} };
  const log = logTo(destination);
  const access = await openAccess(options, clock, log);
  const files = tls === null ? null : await openTlsFiles(tls, clock, log);
  const query = await openQueryService(options);
  opened.defer(() => query.close());
  const metrics = serverMetrics(options, query.stats, log, clock);
  opened.defer(() => metrics.close());
  if (options.processMetrics === true) collectDefaultMetrics({ register: metrics.registry });
  const readiness = readinessOf(query, isLocal(store) ? null : options.cacheDirectory, clock);
  const application = await buildApplication({
    services: {
      ...{ metrics, maxWindow, stopping: ending.stopping },
      query: withLongestWindow(query, maxWindow),
      ...{ queryTimeout: options.queryTimeout, ownNetworks: options.ownNetworks },
      ...{ digestAt: options.digestAt, graphAt: options.graphAt, jobTimeout: options.jobTimeout },
      unready: async () => (ending.draining.aborted ? ['draining'] : partsOf(await readiness.failure())),
    },
    guard: {
      access,
      rate: rateLimit === null ? null : new RateLimit(rateLimit, clock),
      maxRequests: options.maxRequests,
      draining: () => ending.draining.aborted,
    },
    pair: files === null ? null : await files.value(),
    requestTimeout: options.requestTimeout,
    log: destination,
    doubt: () => readiness.doubt(),
  });
  return { access, files, application };
}

// The query server from its start to its end: what it opens, where it listens, and how it stops without breaking answers off.
import { collectDefaultMetrics } from 'prom-client';
import type { Clock } from '../../../schemas/clock.ts';
import { listenBy, urlOf } from '../../shared/listen.ts';
import { logTo } from '../../shared/log.ts';
import { OPTIONS } from '../../shared/options.ts';
import { defaultCacheDirectory, isLocal, openQueryService } from '../../shared/query/service.ts';
import type { WatchedFiles } from '../../shared/watched-files.ts';
import { openAccess } from './access.ts';
import { type Application, buildApplication } from './application.ts';
import { serverMetrics } from './metrics.ts';
import { RateLimit } from './rate-limit.ts';
import type { App } from './route.ts';
import type { QueryServerOptions } from './server-options.ts';
import { openTlsFiles, type TlsPair } from './tls-files.ts';
import { partsOf, readinessOf } from './unready.ts';
import { withLongestWindow } from './window-limit.ts';

export interface QueryServer {
  /** `http://127.0.0.1:8080`, without a slash at its end. */
  readonly url: string;
  /** Reads the tokens, the certificate and its key again. Never rejects. */
  reload(): Promise<void>;
  /** Is not ready from now on, takes requests for `drain` ms more, lets those that it has finish for a while, then ends them. */
  close(drain?: number): Promise<void>;
}

/** For the answers that are under way when no more requests are taken. */
const SHUTDOWN_GRACE = 15_000; // ms
/** A renewed certificate may wait so long. */
const TLS_LOOK = 10_000; // ms

/**
 * Starts listening. Rejects with VF_BIND_REFUSED for a host that others can reach without authentication, VF_PORT_IN_USE,
 * VF_USAGE and VF_SOURCE_UNREADABLE for files and addresses that are none.
 */
export async function startQueryServer(options: QueryServerOptions): Promise<QueryServer> {
  const { store, clock, host = '127.0.0.1', port = OPTIONS.port.default, tls = null } = options;
  const destination = options.log ?? { write: () => {} };
  const log = logTo(destination);
  const access = await openAccess(options, clock, log);
  const files = tls === null ? null : await openTlsFiles(tls, clock, log);
  const closing: (() => Promise<void>)[] = []; // in the order of it
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0)) await close();
  };
  const stopping = new AbortController();
  let draining = false;
  let ended: Promise<void> | null = null;
  try {
    const query = await openQueryService({
      ...{ store, clock },
      ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
      ...(options.cacheDirectory === undefined ? {} : { cacheDirectory: options.cacheDirectory }),
      ...(options.cacheSize === undefined ? {} : { cacheSize: options.cacheSize }),
    });
    closing.push(() => query.close());
    const metrics = serverMetrics(options, query.stats, log, clock);
    closing.unshift(() => metrics.close());
    if (options.processMetrics === true) collectDefaultMetrics({ register: metrics.registry });
    const cacheDirectory = isLocal(store) ? null : (options.cacheDirectory ?? defaultCacheDirectory());
    const readiness = readinessOf(query, cacheDirectory, clock);
    const { maxWindow = OPTIONS.maxWindow.default, rateLimit = null } = options;
    const application = await buildApplication({
      services: {
        ...{ metrics, maxWindow, stopping: stopping.signal },
        query: withLongestWindow(query, maxWindow),
        queryTimeout: options.queryTimeout ?? OPTIONS.queryTimeout.default,
        ownNetworks: options.ownNetworks ?? OPTIONS.ownNetworks.default,
        digestAt: options.digestAt ?? null,
        graphAt: options.graphAt ?? null,
        jobTimeout: options.jobTimeout ?? OPTIONS.jobTimeout.default,
        unready: async () => (draining ? ['draining'] : partsOf(await readiness.failure())),
      },
      guard: {
        access,
        rate: rateLimit === null ? null : new RateLimit(rateLimit, clock),
        maxRequests: options.maxRequests ?? OPTIONS.maxRequests.default,
        draining: () => draining,
      },
      pair: files === null ? null : await files.value(),
      requestTimeout: options.requestTimeout,
      log: destination,
      doubt: () => readiness.doubt(),
    });
    const { app } = application;
    closing.unshift(() => closeApplication(app, stopping, clock));
    await listen(app, host, port);
    const renewing = files === null ? null : renewPair(files, application, clock);
    if (renewing !== null) closing.unshift(renewing.stop);
    return {
      url: urlOf(app.server, host, tls === null ? 'http' : 'https'),
      reload: async () => {
        await access?.reload();
        await renewing?.reload();
      },
      close: (drain = 0) => {
        draining = true;
        ended ??= clock.sleep(drain).then(closeAll);
        return ended;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Accepts no more, and ends after the grace what is then still under way. */
async function closeApplication(app: App, stopping: AbortController, clock: Clock): Promise<void> {
  const closed = new AbortController();
  void clock.sleep(SHUTDOWN_GRACE, closed.signal).then(() => {
    stopping.abort();
    app.server.closeAllConnections();
  });
  await app.close();
  closed.abort();
}

/** Has connections made with the pair that the files hold, until `stop`. */
function renewPair(files: WatchedFiles<TlsPair>, { renew }: Application, clock: Clock) {
  const stopped = new AbortController();
  let pair: TlsPair | null = null;
  const look = async (): Promise<void> => {
    const found = await files.value();
    if (found !== pair) renew(found);
    pair = found;
  };
  const looking = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await look();
      await clock.sleep(TLS_LOOK, stopped.signal);
    }
  };
  const looked = looking();
  return {
    reload: async () => {
      await files.reload();
      await look();
    },
    stop: async () => {
      stopped.abort();
      await looked;
    },
  };
}

async function listen(app: App, host: string, port: number): Promise<void> {
  const { level } = app.log;
  app.log.level = 'warn'; // whoever starts the server says where it listens; the framework says http of HTTPS too
  await listenBy({ host, port, named: { host: '--host', port: '--port' } }, () => app.listen({ host, port }));
  app.log.level = level;
}

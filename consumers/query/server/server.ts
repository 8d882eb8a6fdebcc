// The query server from its start to its end: where it listens, and how it stops without breaking answers off.
import type { Clock } from '../../../schemas/clock.ts';
import { listenBy, urlOf } from '../../shared/listen.ts';
import { openServer } from './open-server.ts';
import { renewPair } from './renew-pair.ts';
import type { App } from './route.ts';
import type { QueryServerOptions } from './server-options.ts';

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

/**
 * Starts listening. Rejects with VF_BIND_REFUSED for a host that others can reach without authentication, VF_PORT_IN_USE,
 * VF_USAGE and VF_SOURCE_UNREADABLE for files and addresses that are none.
 */
export async function startQueryServer(options: QueryServerOptions): Promise<QueryServer> {
  const { clock, host, port, tls } = options;
  const [draining, stopping] = [new AbortController(), new AbortController()];
  await using starting = new AsyncDisposableStack(); // closed where the start fails, the last one first
  const ending = { draining: draining.signal, stopping: stopping.signal };
  const { access, files, application } = await openServer(options, ending, starting);
  const { app } = application;
  starting.defer(() => closeApplication(app, stopping, clock));
  await listen(app, host, port);
  const renewal = files === null ? null : renewPair(files, application.renew, clock);
  if (renewal !== null) starting.defer(() => renewal.stop());
  const opened = starting.move();
  let ended: Promise<void> | null = null;
  return {
    url: urlOf(app.server, host, tls === null ? 'http' : 'https'),
    reload: async () => {
      await access?.reload();
      await renewal?.reload();
    },
    close: (drain = 0) => {
      draining.abort();
      ended ??= clock.sleep(drain).then(() => opened.disposeAsync());
      return ended;
    },
  };
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

async function listen(app: App, host: string, port: number): Promise<void> {
  const { level } = app.log;
  app.log.level = 'warn'; // whoever starts the server says where it listens; the framework says http of HTTPS too
  await listenBy({ host, port, named: { host: '--host', port: '--port' } }, () => app.listen({ host, port }));
  app.log.level = level;
}

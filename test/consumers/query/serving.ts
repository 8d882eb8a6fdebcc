// Query servers on real sockets over the golden store, for the tests of one file.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { configurationOf } from '../../../consumers/query/configuration.ts';
import { type QueryServer, startQueryServer } from '../../../consumers/query/server/server.ts';
import type { QueryServerOptions } from '../../../consumers/query/server/server-options.ts';
import { readOptions } from '../../../consumers/shared/read-options.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { NOW, putGoldenStore } from './golden-store.ts';

/** The golden window. */
export const HOUR = 'start=2026-11-20T05:00:00Z&stop=2026-11-20T06:00:00Z';

export interface Serving {
  /** A server on a free port; over the golden store, unless told otherwise. It is closed after the test. */
  start(options?: Partial<QueryServerOptions>): Promise<QueryServer>;
  /** A path below the file's temporary directory. */
  path(name: string): string;
}

/** A server on a free port with what the command's options say where nothing is given. The caller closes it. */
export const startServer = (
  options: Partial<QueryServerOptions> & Pick<QueryServerOptions, 'store' | 'clock'>,
): Promise<QueryServer> =>
  startQueryServer({ ...configurationOf(readOptions({ options: [], required: [] }, {}, {})), port: 0, ...options });

/** Registers the hooks of the file. */
export function serving(): Serving {
  let directory = '';
  const servers: QueryServer[] = [];
  const path = (name: string) => join(directory, name);
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vpcflow-server-'));
    await putGoldenStore(new DirectoryStore(path('golden')));
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return {
    path,
    start: async (options = {}) => {
      const store = new DirectoryStore(path('golden'));
      const defaults = { store, clock: new ManualClock(NOW), cacheDirectory: path('cache') };
      const server = await startServer({ ...defaults, ...options });
      servers.push(server);
      return server;
    },
  };
}

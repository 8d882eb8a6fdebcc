// `vpcflow query`: serves questions about a store until it is told to stop.
import { once } from 'node:events';
import type { Run } from '../shared/command.ts';
import { openStoreToRead } from '../shared/query/read-store.ts';
import { startQueryServer } from './server/server.ts';

export const run: Run = async ({ options, clock, stderr, signal }) => {
  const store = await openStoreToRead(options.store);
  const log = { write: (line: string) => void stderr.write(line) };
  const server = await startQueryServer({ store, clock, host: options.host, port: options.port, log });
  stderr.write(`vpcflow: ${store.uri} is served at ${server.url}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
  return 0;
};

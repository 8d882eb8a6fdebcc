// `vpcflow query`: serves questions about a store until it is told to stop, or only checks what it would be started with.
import { once } from 'node:events';
import type { CommandContext, Run } from '../shared/command.ts';
import { drainSentence } from '../shared/listen.ts';
import { logDestination, logTo } from '../shared/log.ts';
import { openStoreToRead } from '../shared/query/read-store.ts';
import { checkConfiguration } from './check-configuration.ts';
import { configurationOf, drainOf } from './configuration.ts';
import { startQueryServer } from './server/server.ts';

export const run: Run = async (context) => {
  const { options, clock, stderr, signal } = context;
  if (options.check) return check(context);
  const configuration = configurationOf(options);
  const store = await openStoreToRead(options.store);
  const destination = logDestination(stderr, options.log);
  const log = logTo(destination);
  const server = await startQueryServer({ ...configuration, store, clock, log: destination, processMetrics: true });
  const onHangup = (): void => void server.reload();
  process.on('SIGHUP', onHangup);
  try {
    log.info({}, `${store.uri} is served at ${server.url}`);
    if (!signal.aborted) await once(signal, 'abort');
    const drain = drainOf(options);
    log.info({}, drainSentence(drain));
    await server.close(drain);
    return 0;
  } finally {
    process.off('SIGHUP', onHangup);
  }
};

/** Exit status 1 where the server could not be started, or not answer. */
async function check({ options, clock, stdout }: CommandContext): Promise<number> {
  const findings = await checkConfiguration(options, clock);
  for (const { level, text } of findings) stdout.write(`${level.padEnd(5)}  ${text}\n`);
  return findings.some(({ level }) => level === 'wrong') ? 1 : 0;
}

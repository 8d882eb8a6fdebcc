// A child process whose processor does what a processor must not do, or what goes wrong in one: told by partition keys.
import { appendFileSync, existsSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { runKclChild } from '../../../../../consumers/shared/kcl/child/run-child.ts';

/** A path where it notes what was called, and which file a processor that waits is waiting for. */
const text = (configuration: unknown, name: string): string => {
  const fields = { ...(typeof configuration === 'object' ? configuration : null) };
  return String(Object.entries(fields).find(([key]) => key === name)?.[1]);
};

await runKclChild(async ({ configuration, log, meter }) => {
  const note = (what: string): void => appendFileSync(text(configuration, 'notes'), `${what}\n`);
  const acts: Readonly<Record<string, () => unknown>> = {
    write: () => {
      console.log('{"action":"status","responseFor":"processRecords"}');
      process.stdout.write('null\n');
      writeSync(1, 'glued');
    },
    throw: () => {
      throw new Error('it is broken');
    },
    'throw later': () => {
      setImmediate(() => {
        throw new Error('it broke later');
      });
      return new Promise(() => {});
    },
    'reject unseen': () => {
      void Promise.reject(new Error('nobody looked'));
      return new Promise(() => {});
    },
    'throw aside': async () => {
      setImmediate(() => {
        throw new Error('it broke aside');
      });
      await delay(200);
      note('went on');
    },
    hang: () => new Promise(() => {}),
    wait: async () => {
      while (!existsSync(text(configuration, 'gate'))) await delay(10);
    },
    flood: () => {
      for (let i = 0; i < 100_000; i++) log.info({ i, text: 'x'.repeat(100) }, 'a line');
      for (let i = 0; i < 100_000; i++) meter.count('records', 1, { shard: 'shardId-000000000000' });
    },
  };
  return {
    beforeShardEnd: async () => note('before the end'),
    close: () => note('closed'),
    processor: {
      initialize: async ({ position }) => note(`initialize ${position}`),
      processRecords: async ({ records, checkpointer }) => {
        note(`records ${records.length}`);
        for (const { partitionKey, sequenceNumber } of records) {
          await acts[partitionKey]?.();
          if (partitionKey === 'checkpoint') await checkpointer.checkpoint(sequenceNumber);
        }
      },
      leaseLost: async () => note('leaseLost'),
      shardEnded: async ({ checkpointer }) => {
        note('shardEnded');
        await checkpointer.checkpoint();
      },
      shutdownRequested: async () => note('shutdownRequested'),
    },
  };
});

// A lease that is lost in the middle of an epoch gives the epoch's memory back.
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { DigestProcessor } from '../../consumers/digest/processor.ts';
import type { StreamRecord } from '../../schemas/processor.ts';
import { DEFAULT_SETTINGS } from '../../schemas/settings.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { SHARD, STREAM } from './world.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes in use after a collection; some turns later, because what has just run may still stand on the stack. */
const inUse = async (): Promise<number> => {
  for (let turns = 0; turns < 5; turns++) {
    await turn();
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

it('a lost lease: what was decoded and remembered is dropped, and the store is left as it was', async () => {
  const store = new MemoryStore();
  const clock = new ManualClock();
  const processor = new DigestProcessor({
    ...{ store, stream: STREAM, settings: DEFAULT_SETTINGS, workerId: 'w', clock },
    history: () => ({ firstFrom: async () => null, firstAfter: async () => null }),
  });
  const checkpointer = {
    checkpoint: async (): Promise<void> => {
      throw new Error('nothing is checkpointed');
    },
  };
  await processor.initialize({ shardId: SHARD, position: 'TRIM_HORIZON' });
  const start = Math.floor(clock.now() / 1000);
  const record = (n: number): StreamRecord => {
    const lines = Array.from(
      { length: 1000 },
      (_, i) => `2 1 eni-0a 10.${n}.${i >> 8}.${i & 255} 10.2.0.1 40000 443 6 3 100 ${start} ${start + 10} ACCEPT OK`,
    );
    const data = Buffer.from(lines.join('\n'));
    return { sequenceNumber: String(n + 1), subSequenceNumber: 0, partitionKey: 'p', data, arrival: clock.now() };
  };
  const before = await inUse();
  for (let n = 0; n < 200; n++) {
    await processor.processRecords({ records: [record(n)], millisBehindLatest: 1, checkpointer });
  }
  const held = (await inUse()) - before;
  expect(held).toBeGreaterThan(16 * 1024 * 1024);
  const stored = new Map(store.backing);
  await processor.leaseLost();
  expect((await inUse()) - before).toBeLessThan(held / 8);
  expect(store.backing).toEqual(stored);
  await processor.leaseLost(); // the processor itself was in use until here
});

// A store that is slow slows reading: while a put waits, no batch is taken, and only what was read before is held.
import { expect, it } from 'vitest';
import { Checkpoints } from '../../consumers/shared/embedded/checkpoints.ts';
import { DEFAULT_SETTINGS } from '../../schemas/settings.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { until } from '../until.ts';
import { digestShard, EXPECTED, RECORDS } from './store-shard.ts';
import { readChain } from './verify.ts';
import { SHARD, STREAM } from './world.ts';

/** Time enough for a read that nothing holds back. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
};

it('takes no batch while a put waits, and goes on where it was once the put is done', async () => {
  const store = new MemoryStore();
  const checkpointed = new MemoryStore();
  const waiting: { readonly key: string; readonly open: () => void }[] = [];
  let most = 0;
  const gated = store.client({
    beforeEach: (operation, key) => {
      if (operation !== 'put') return;
      const gate = Promise.withResolvers<void>();
      waiting.push({ key, open: gate.resolve });
      most = Math.max(most, waiting.length);
      return gate.promise;
    },
  });
  let reads = 0;
  let ended = false;
  const run = digestShard({
    ...{ store: gated, settings: DEFAULT_SETTINGS, workerId: 'w1', batch: 1 },
    checkpoints: new Checkpoints(checkpointed, 'app', STREAM),
    onRead: () => reads++,
  }).finally(() => {
    ended = true;
  });

  const opened: string[] = [];
  for (;;) {
    await until('a put, or the end', () => waiting.length > 0 || ended);
    if (ended) break;
    // Everything stands still for as long as the put does.
    const [before, checkpoints] = [reads, checkpointed.backing.get(`app/${STREAM}/${SHARD}.json`)];
    await settle();
    expect(reads).toBe(before);
    expect(checkpointed.backing.get(`app/${STREAM}/${SHARD}.json`)).toBe(checkpoints);
    const first = waiting.shift();
    expect(first).toBeDefined();
    opened.push(first!.key);
    first!.open();
  }
  await run;
  expect(reads).toBe(RECORDS.length);
  // Of one epoch at most what is put at once waits; nothing of the next one has begun.
  expect(most).toBeLessThanOrEqual(4);
  expect(opened.filter((key) => key.startsWith('commits/'))).toHaveLength(3);
  const { counts } = readChain(store);
  expect(counts).toMatchObject({ records: EXPECTED.records, duplicates: EXPECTED.duplicates, lines: EXPECTED.lines });
});

it('holds no more of a shard however long the store waits', async () => {
  const gate = Promise.withResolvers<void>();
  const store = new MemoryStore(new Map(), {
    beforeEach: (operation, key) => (operation === 'put' && key.startsWith('claims/') ? gate.promise : undefined),
  });
  let reads = 0;
  const run = digestShard({
    ...{ store, settings: DEFAULT_SETTINGS, workerId: 'w1', batch: 1 },
    checkpoints: new Checkpoints(new MemoryStore(), 'app', STREAM),
    onRead: () => reads++,
  });
  // The first minute is read, and the record that ended it.
  const firstMinute = RECORDS.findIndex(({ arrival }) => arrival >= RECORDS[0]!.arrival + 60_000);
  await until('the claim of the first minute', () => reads === firstMinute + 1);
  await settle();
  expect(reads).toBe(firstMinute + 1);
  gate.resolve();
  await run;
  expect(reads).toBe(RECORDS.length);
});

// The documents of one shard's chain, where several workers write the same one.
import { expect, it } from 'vitest';
import { ShardChain } from '../../../consumers/digest/chain.ts';
import { watermarkKey } from '../../../pipeline/keys.ts';
import type { Watermark } from '../../../schemas/chain.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';

const STREAM = '123456789012.eu-west-1.flows';
const SHARD = 'shardId-000000000000';

const at = (last: number): Watermark => ({
  ...{ kind: 'watermark', watermark: last * 1000, link: String(last - 1), last: String(last) },
  ...{ ended: false, children: [] },
});

it('of two writers of a watermark each moves it forward, whoever is later', async () => {
  const store = new MemoryStore();
  const [one, other] = [new ShardChain(store, STREAM, SHARD), new ShardChain(store, STREAM, SHARD)];
  for (const [chain, last] of [
    [one, 1],
    [other, 5],
    [one, 3],
    [other, 7],
  ] as const) {
    await chain.putWatermark(at(last));
  }
  await one.putWatermark(at(4));
  expect(await new ShardChain(store, STREAM, SHARD).base()).toEqual({ after: '7', link: '6', watermark: 7000 });
});

it('a store that refuses every watermark ends the worker', async () => {
  const store = new MemoryStore();
  let puts = 0;
  const refusing: ObjectStore = {
    uri: store.uri,
    put: async () => {
      puts++;
      return { outcome: 'exists' };
    },
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    remove: (key) => store.remove(key),
  };
  await expect(new ShardChain(refusing, STREAM, SHARD).putWatermark(at(1))).rejects.toMatchObject({
    code: 'VF_STORE_UNREACHABLE',
    message: expect.stringContaining(watermarkKey(STREAM, SHARD)),
  });
  expect(puts).toBe(20);
});

// Shards that are split and merged while records flow: the chains of parents end, those of their children begin.
import { describe, expect } from 'vitest';
import { READY } from './bed.ts';
import { scenario } from './scenario.ts';
import { times } from './traffic.ts';

describe.skipIf(!READY)('resharding', () => {
  scenario('a split and a merge under load', { shards: 2 }, async (bed) => {
    await bed.start();
    const load = async (): Promise<void> => await bed.stream.put(times(300, () => bed.traffic.envelope(20)));
    const first = load();
    await bed.committed(100);
    await first;
    const splitting = load();
    const [whole] = await bed.stream.shards();
    await bed.stream.split(whole!);
    await splitting;
    await load();
    await bed.until('the children of the split commit', async () => {
      const children = (await bed.stream.shards()).filter(({ shard }) => shard > 'shardId-000000000001');
      const sources = (await bed.commits.all()).map(({ source }) => source);
      return children.every(({ shard }) => sources.some((source) => source.includes(shard)));
    });
    const merging = load();
    const [, ...beside] = await bed.stream.shards();
    await bed.stream.merge(beside[0]!, beside[1]!); // a child of the split, and a shard from the beginning
    await merging;
    await load();
    await bed.finish();
    const ends = await bed.ends();
    // Three have ended, each with its children; two are open.
    expect(ends.filter(({ ended }) => ended).map(({ children }) => children.length)).toEqual([2, 1, 1]);
    expect(ends.filter(({ ended }) => !ended).length).toBe(2);
  });
});

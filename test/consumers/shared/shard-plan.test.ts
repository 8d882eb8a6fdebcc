// Which shards may start: every one in the end, none before its parents, whatever the family looks like.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeShards, planShards } from '../../../consumers/shared/shard-plan.ts';
import type { ShardInfo } from '../../../schemas/chain.ts';

/** A family: each shard has up to two parents among the older ones. */
const family = fc
  .array(fc.array(fc.nat({ max: 20 }), { maxLength: 2 }), { minLength: 1, maxLength: 20 })
  .map((parents): ShardInfo[] =>
    parents.map((chosen, i) => ({
      shard: `shardId-${String(i).padStart(12, '0')}`,
      parents: [...new Set(chosen.map((p) => p % (i + 1)).filter((p) => p < i))]
        .sort((a, b) => a - b)
        .map((p) => `shardId-${String(p).padStart(12, '0')}`),
      closed: true,
    })),
  );

test('every shard is started once, after the end of each of its parents', () => {
  fc.assert(
    fc.property(family, fc.infiniteStream(fc.nat()), (shards, choices) => {
      const [ended, running, order] = [new Set<string>(), new Set<string>(), [] as string[]];
      while (ended.size < shards.length) {
        const { start, waiting } = planShards(shards, ended, running);
        for (const shard of start) {
          expect(order).not.toContain(shard);
          for (const parent of shards.find((info) => info.shard === shard)!.parents)
            expect(ended.has(parent)).toBe(true);
          order.push(shard);
          running.add(shard);
        }
        expect(start.length + waiting.length + running.size - start.length + ended.size).toBe(shards.length);
        const choice = [...running][(choices.next().value ?? 0) % running.size]!; // some running shard ends
        running.delete(choice);
        ended.add(choice);
      }
      expect(order).toHaveLength(shards.length);
    }),
  );
});

test('a parent that is listed no more does not keep its child waiting', () => {
  const child: ShardInfo = { shard: 'shardId-000000000002', parents: ['shardId-000000000000'], closed: false };
  expect(planShards([child], new Set(), new Set()).start).toEqual([child.shard]);
});

test('merging lists forgets nothing, in any order, however often', () => {
  fc.assert(
    fc.property(family, fc.nat(), (shards, n) => {
      const cut = n % (shards.length + 1);
      const open = shards.map((info) => ({ ...info, closed: false }));
      const merged = mergeShards(mergeShards(open.slice(0, cut), shards), open);
      expect(merged).toEqual(shards);
      expect(mergeShards(merged, merged)).toEqual(merged);
    }),
  );
});

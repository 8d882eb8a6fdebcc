// Bounded series: sums that are right, gauges that tell of live shards only, and no more labels than were allowed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedSeries, type Series } from '../../../../consumers/shared/metrics/bounded-series.ts';

const shard = fc.integer({ min: 0, max: 9 }).map((n) => `shardId-${n}`);
const by = fc.integer({ min: 0, max: 1000 });

type Step =
  | { readonly do: 'count'; readonly shard: string; readonly by: number }
  | { readonly do: 'reject'; readonly shard: string; readonly by: number; readonly reason: string }
  | { readonly do: 'set'; readonly shard: string; readonly by: number }
  | { readonly do: 'forget'; readonly shard: string };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('count' as const), shard, by }),
    fc.record({ do: fc.constant('reject' as const), shard, by, reason: fc.constantFrom('bad_time', 'bad_status') }),
    fc.record({ do: fc.constant('set' as const), shard, by }),
    fc.record({ do: fc.constant('forget' as const), shard }),
  ),
  { maxLength: 60, size: 'max' },
);

const sum = (series: readonly Series[]): number => series.reduce((total, { value }) => total + value, 0);
const labels = (series: readonly Series[]): readonly string[] => series.map(({ labels: { shard: name } }) => name!);

test('whatever shards come and go, sums are what was counted, and gauges are those of live shards', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), steps, (maxShards, all) => {
      const series = new BoundedSeries(maxShards);
      const counted = { records: 0, bad_time: 0, bad_status: 0 };
      const gauges = new Map<string, number>(); // of live shards, as they were set last
      for (const step of all) {
        if (step.do === 'count') {
          series.count('records', step.by, { shard: step.shard });
          counted.records += step.by;
        } else if (step.do === 'reject') {
          series.count('rejects', step.by, { shard: step.shard, reason: step.reason });
          counted[step.reason === 'bad_time' ? 'bad_time' : 'bad_status'] += step.by;
        } else if (step.do === 'set') {
          series.set('millisBehindLatest', step.by, { shard: step.shard });
          series.set('watermark', step.by, { shard: step.shard });
          gauges.set(step.shard, step.by);
        } else {
          series.forget(step.shard);
          gauges.delete(step.shard);
        }

        // A sum that equals what was counted so far can never have gone back.
        const [records, rejects] = [series.counters('records'), series.counters('rejects')];
        expect(sum(records)).toBe(counted.records);
        for (const reason of ['bad_time', 'bad_status'] as const) {
          expect(sum(rejects.filter((one) => one.labels.reason === reason))).toBe(counted[reason]);
        }

        const [behind, watermarks] = [series.gauges('millisBehindLatest'), series.gauges('watermark')];
        const named = new Set([...records, ...rejects, ...behind].flatMap((one) => labels([one])));
        named.delete('other');
        expect(named.size).toBeLessThanOrEqual(maxShards);
        expect(labels(records)).toHaveLength(new Set(labels(records)).size);

        const own = new Set(labels(behind));
        own.delete('other');
        for (const name of own) expect(gauges.has(name)).toBe(true);
        const crowd = [...gauges].filter(([name]) => !own.has(name)).map(([, value]) => value);
        const expected = [...gauges].filter(([name]) => own.has(name));
        const other = (value: number): [string, number][] => (crowd.length === 0 ? [] : [['other', value]]);
        const shown = (found: readonly Series[]) => new Map(found.map((one) => [one.labels.shard, one.value]));
        expect(shown(behind)).toEqual(new Map([...expected, ...other(Math.max(...crowd))]));
        expect(shown(watermarks)).toEqual(new Map([...expected, ...other(Math.min(...crowd))]));
      }
    }),
    { numRuns: 150 },
  );
});

test('a shard has a label of its own while there is one to have', () => {
  const series = new BoundedSeries(2);
  for (const name of ['a', 'b', 'c']) series.set('watermark', 1, { shard: name });
  for (const name of ['a', 'b', 'c']) series.count('records', 1, { shard: name });
  expect(labels(series.counters('records'))).toEqual(['a', 'b', 'other']);

  series.forget('b');
  series.count('records', 1, { shard: 'c' }); // it stays where it is while it is live
  expect(series.counters('records')).toContainEqual({ labels: { shard: 'other' }, value: 2 });
  expect(labels(series.counters('records'))).toContain('b'); // to be asked for once more

  series.set('watermark', 1, { shard: 'd' });
  expect(labels(series.gauges('watermark')).toSorted()).toEqual(['a', 'd', 'other']);
  expect(series.counters('records')).toContainEqual({ labels: { shard: 'other' }, value: 3 });
  expect(labels(series.counters('records'))).not.toContain('b');
});

test('a forgotten shard that comes back counts on where it was', () => {
  const series = new BoundedSeries(2);
  series.set('watermark', 5, { shard: 'a' });
  series.count('records', 3, { shard: 'a' });
  series.forget('a');
  expect(series.gauges('watermark')).toEqual([]);
  series.count('records', 4, { shard: 'a' });
  expect(series.counters('records')).toEqual([{ labels: { shard: 'a' }, value: 7 }]);
});

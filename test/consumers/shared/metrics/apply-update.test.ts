// Measurements that cross from a child: each arrives as what it was, and what is none of the table touches nothing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyUpdate } from '../../../../consumers/shared/metrics/apply-update.ts';
import { METRIC_KEYS } from '../../../../consumers/shared/metrics/metric-kinds.ts';
import { prometheusMeter } from '../../../../consumers/shared/metrics/prometheus.ts';
import { METRICS, type MetricKey, type MetricUpdate } from '../../../../schemas/metrics.ts';

test('each metric of the table arrives, under its own labels', async () => {
  for (const metric of METRIC_KEYS) {
    const { meter, registry } = prometheusMeter();
    const { name, kind, labels } = METRICS[metric];
    applyUpdate(meter, { metric, value: 3, labels: Object.fromEntries(labels.map((label) => [label, 'x'])) });
    const text = labels.length === 0 ? '' : `{${labels.map((label) => `${label}="x"`).join()}}`;
    const line = kind === 'histogram' ? `${name}_sum${text} 3` : `${name}${text} 3`;
    expect((await registry.metrics()).split('\n')).toContain(line);
  }
});

test.each<[string, MetricUpdate]>([
  // As a child of another version might write them; the wire cannot be typed.
  ['is no metric', { metric: 'nonsense' as MetricKey, value: 1, labels: {} }],
  ['is no metric', { metric: 'toString' as MetricKey, value: 1, labels: {} }],
  ['has the labels (shard), not ()', { metric: 'records', value: 1, labels: {} }],
  ['has the labels (reason,shard), not (shard)', { metric: 'rejects', value: 1, labels: { shard: 'a' } }],
  ['has the labels (), not (shard)', { metric: 'children', value: 1, labels: { shard: 'a' } }],
  ['has no empty labels', { metric: 'records', value: 1, labels: { shard: '' } }],
  ['cannot be -1', { metric: 'records', value: -1, labels: { shard: 'a' } }],
  ['cannot be NaN', { metric: 'watermark', value: Number.NaN, labels: { shard: 'a' } }],
  ['cannot be Infinity', { metric: 'flushSeconds', value: Number.POSITIVE_INFINITY, labels: {} }],
])('refuses what %s', async (why, update) => {
  const { meter, registry } = prometheusMeter();
  const before = await registry.metrics();
  expect(() => applyUpdate(meter, update)).toThrow(
    expect.objectContaining({ code: 'VF_ENGINE', message: `a child measured ${update.metric}, which ${why}` }),
  );
  expect(await registry.metrics()).toBe(before);
});

test('what a meter was told directly and what came as updates are the same text', async () => {
  const shard = fc.constantFrom('a', 'b', 'c');
  const updates: fc.Arbitrary<MetricUpdate[]> = fc.array(
    fc.record({
      metric: fc.constantFrom<MetricKey>('records', 'flows', 'watermark', 'millisBehindLatest'),
      value: fc.nat(),
      labels: fc.record({ shard }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(updates, async (all) => {
      const [direct, applied] = [prometheusMeter({ maxShards: 2 }), prometheusMeter({ maxShards: 2 })];
      for (const update of all) {
        applyUpdate(applied.meter, update);
        const { metric, value } = update;
        const labels = { shard: update.labels.shard! };
        if (metric === 'records' || metric === 'flows') direct.meter.count(metric, value, labels);
        if (metric === 'watermark' || metric === 'millisBehindLatest') direct.meter.set(metric, value, labels);
      }
      expect(await applied.registry.metrics()).toBe(await direct.registry.metrics());
    }),
    { numRuns: 30 },
  );
});

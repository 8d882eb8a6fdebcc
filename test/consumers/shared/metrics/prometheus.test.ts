// The Prometheus text of a worker: every metric of the table, exactly.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prometheusMeter } from '../../../../consumers/shared/metrics/prometheus.ts';
import packageJson from '../../../../package.json' with { type: 'json' };
import { METRICS } from '../../../../schemas/metrics.ts';
import { DECODER_VERSION } from '../../../../schemas/settings.ts';

/** The lines of one metric, help and type included. */
const linesOf = (text: string, name: string): readonly string[] =>
  text.split('\n').filter((line) => line.split(/[ {]/, 3).includes(name) || line.startsWith(`${name}{`));

test('says what a worker measured, each metric with its help, type and labels', async () => {
  const { meter, registry } = prometheusMeter();
  const shard = 'shardId-000000000000';
  meter.count('records', 5, { shard });
  meter.count('records', 7, { shard });
  meter.count('rejects', 2, { shard, reason: 'bad_time' });
  meter.count('rejects', 1, { shard, reason: 'token_count' });
  meter.set('millisBehindLatest', 1200, { shard });
  meter.set('millisBehindLatest', 0, { shard });
  meter.set('watermark', 1_795_000_000.25, { shard });
  meter.set('children', 3, {});
  meter.observe('flushSeconds', 0.3, {});
  meter.observe('flushSeconds', 200, {});
  const text = await registry.metrics();
  expect(linesOf(text, 'vpcflow_records_total')).toEqual([
    '# HELP vpcflow_records_total Stream records that were delivered, redeliveries included.',
    '# TYPE vpcflow_records_total counter',
    'vpcflow_records_total{shard="shardId-000000000000"} 12',
  ]);
  expect(linesOf(text, 'vpcflow_rejects_total').slice(2)).toEqual([
    'vpcflow_rejects_total{shard="shardId-000000000000",reason="bad_time"} 2',
    'vpcflow_rejects_total{shard="shardId-000000000000",reason="token_count"} 1',
  ]);
  expect(linesOf(text, 'vpcflow_millis_behind_latest').slice(1)).toEqual([
    '# TYPE vpcflow_millis_behind_latest gauge',
    'vpcflow_millis_behind_latest{shard="shardId-000000000000"} 0',
  ]);
  expect(linesOf(text, 'vpcflow_watermark_seconds').at(-1)).toBe(
    'vpcflow_watermark_seconds{shard="shardId-000000000000"} 1795000000.25',
  );
  expect(linesOf(text, 'vpcflow_children').at(-1)).toBe('vpcflow_children 3');
  expect(text.split('\n').filter((line) => line.startsWith('vpcflow_flush_seconds'))).toEqual([
    ...['0.05', '0.1', '0.25'].map((le) => `vpcflow_flush_seconds_bucket{le="${le}"} 0`),
    ...['0.5', '1', '2.5', '5', '10', '30', '60', '120'].map((le) => `vpcflow_flush_seconds_bucket{le="${le}"} 1`),
    'vpcflow_flush_seconds_bucket{le="+Inf"} 2',
    'vpcflow_flush_seconds_sum 200.3',
    'vpcflow_flush_seconds_count 2',
  ]);
  expect(linesOf(text, 'vpcflow_build_info').at(-1)).toBe(
    `vpcflow_build_info{version="${packageJson.version}",decoder="${DECODER_VERSION}"} 1`,
  );
  const described = text.split('\n').flatMap((line) => /^# HELP (\S+)/.exec(line)?.[1] ?? []);
  expect(described.toSorted()).toEqual(
    [...Object.values(METRICS).map(({ name }) => name), 'vpcflow_build_info'].toSorted(),
  );
});

test('a scrape changes nothing, and a forgotten shard keeps its counters and loses its gauges', async () => {
  const { meter, registry } = prometheusMeter();
  meter.count('epochs', 4, { shard: 'a' });
  meter.set('watermark', 7, { shard: 'a' });
  const before = await registry.metrics();
  expect(await registry.metrics()).toBe(before);
  meter.forget('a');
  const after = await registry.metrics();
  expect(before).toContain('vpcflow_watermark_seconds{shard="a"} 7\n');
  expect(after).toBe(before.replace('vpcflow_watermark_seconds{shard="a"} 7\n', ''));
});

test('two meters share nothing', async () => {
  const [one, two] = [prometheusMeter(), prometheusMeter()];
  one.meter.count('records', 1, { shard: 'a' });
  one.meter.observe('flushSeconds', 1, {});
  expect(await two.registry.metrics()).toBe(await prometheusMeter().registry.metrics());
});

test('however many shards there were, a metric has at most one series more than it may have shards', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.boolean())),
      async (maxShards, visits) => {
        const { meter, registry } = prometheusMeter({ maxShards });
        for (const [n, forget] of visits) {
          const shard = `shardId-${n}`;
          meter.set('watermark', n, { shard });
          meter.count('lines', 1, { shard });
          if (forget) meter.forget(shard);
        }
        const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('vpcflow_lines_total{'));
        expect(lines.length).toBeLessThanOrEqual(maxShards + 1);
        expect(lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)).toBe(visits.length);
      },
    ),
  );
});

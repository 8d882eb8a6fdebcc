// What the digest processor tells of its shard, as metrics: real epochs over a store in memory, exact Prometheus text.
import { expect, test } from 'vitest';
import { measured } from '../../../consumers/digest/measured.ts';
import { DigestProcessor } from '../../../consumers/digest/processor.ts';
import { prometheusMeter } from '../../../consumers/shared/metrics/prometheus.ts';
import { EPOCH_BOUNDS } from '../../../pipeline/epoch/contents.ts';
import { METRICS } from '../../../schemas/metrics.ts';
import type { StreamRecord } from '../../../schemas/processor.ts';
import { REJECT_REASONS } from '../../../schemas/rejects.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { SHARD, STREAM, sequence, written } from '../../audited-store.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { ARRIVAL, envelope, flowLine } from '../../pipeline/decode/decoded.ts';
import { recordedLog } from '../shared/metrics/recorded-log.ts';

const shard = SHARD;

interface Worker {
  readonly processor: DigestProcessor;
  readonly clock: ManualClock;
  readonly lines: ReturnType<typeof recordedLog>['lines'];
  /** What is not 0, without the name's prefix, the shard and the histogram's buckets. */
  readonly metrics: () => Promise<readonly string[]>;
  readonly text: () => Promise<string>;
}

const worker = async (
  store: MemoryStore,
  workerId: string,
  records: readonly StreamRecord[],
  bounds = EPOCH_BOUNDS,
): Promise<Worker> => {
  const clock = new ManualClock(records[0]!.arrival);
  const { meter, registry } = prometheusMeter();
  const { log, lines } = recordedLog();
  const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
  const processor = new DigestProcessor({
    ...{ store, stream: STREAM, settings: DEFAULT_SETTINGS, workerId, clock, bounds },
    history: () => ({
      firstFrom: async (from) => numbers.find((n) => BigInt(n) >= BigInt(from)) ?? null,
      firstAfter: async (after) => numbers.find((n) => BigInt(n) > BigInt(after)) ?? null,
    }),
    observer: measured(meter, log),
  });
  await processor.initialize({ shardId: shard, position: 'TRIM_HORIZON' });
  const metrics = async (): Promise<readonly string[]> =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => /^vpcflow_(?!build_info|.*_bucket)/.test(line) && !line.endsWith(' 0'))
      .map((line) => line.replace('vpcflow_', '').replace(`{shard="${shard}"}`, '').replace(`shard="${shard}",`, ''));
  return { processor, clock, lines, metrics, text: () => registry.metrics() };
};

const stored = { checkpoint: async () => {} };
const throttled = { checkpoint: async () => Promise.reject(new Error('ThrottlingException')) };

/** Bytes on which the decoder itself fails: searching them throws. */
const failing = (): Buffer =>
  Object.assign(Buffer.from('2 a line'), {
    indexOf: () => {
      throw new Error('a mistake of ours');
    },
  });

test('each thing that a shard did is counted once: epochs and what they hold, rejects by reason, bytes, time', async () => {
  const store = new MemoryStore();
  const [first, second] = written(1);
  const arrival = second!.arrival;
  const records = [
    first!,
    second!,
    { ...second!, sequenceNumber: sequence(3) }, // redelivered
    { sequenceNumber: sequence(4), subSequenceNumber: 0, partitionKey: 'p', data: failing(), arrival },
  ];
  const { processor, clock, lines, metrics } = await worker(store, 'w1', records);
  const millisBehindLatest = 2500;
  await processor.processRecords({ records, millisBehindLatest, checkpointer: stored });
  const bytes = records.reduce((sum, { data }) => sum + data.length, 0);
  expect(await metrics()).toEqual([
    'millis_behind_latest 2500',
    `watermark_seconds ${first!.arrival / 1000}`,
    'records_total 4',
    `record_bytes_total ${bytes}`,
  ]);
  expect(lines).toEqual([]);

  // The commit takes a while.
  store.hooks.beforeEach = async (operation, key) => {
    if (operation === 'put' && key.startsWith('commits/')) await clock.advance(1500);
  };
  await clock.advance(120_000);
  await processor.processRecords({ records: [], millisBehindLatest: 0, checkpointer: throttled });
  const objects = [...store.backing].filter(([key]) => /^(digests|coverage|rejects|identities)\//.test(key));
  const storedBytes = objects.reduce((sum, [, body]) => sum + body.length, 0);
  const watermark = Number((await metrics()).find((line) => line.startsWith('watermark'))?.split(' ')[1]);
  expect(await metrics()).toEqual([
    `watermark_seconds ${watermark}`,
    'records_total 4',
    `record_bytes_total ${bytes}`,
    'epochs_total 1',
    'lines_total 8', // two flows and two others in each of two envelopes
    'flows_total 4',
    'digest_rows_total 2', // the two flows of an envelope have one key
    `stored_bytes_total ${storedBytes}`,
    'rejects_total{reason="token_count"} 1',
    'rejects_total{reason="bad_number"} 1',
    'rejects_total{reason="decoder_error"} 1',
    'duplicates_total 1',
    'decoder_errors_total 1',
    'checkpoint_failures_total 1',
    'flush_seconds_sum 1.5',
    'flush_seconds_count 1',
  ]);
  expect(watermark * 1000).toBeGreaterThanOrEqual(records[0]!.arrival);
  expect(watermark * 1000).toBeLessThanOrEqual(clock.now());
  expect(lines).toEqual([
    {
      level: 'warn',
      fields: { shard, rejects: 3, by_reason: { token_count: 1, bad_number: 1, decoder_error: 1 }, epochs: 1 },
      message: expect.stringContaining('--formats'),
    },
    {
      level: 'error',
      fields: { shard, errors: 1 },
      message: 'ours to fix: the decoder failed on input, which is kept whole among the rejects',
    },
    {
      level: 'warn',
      fields: { shard, error: 'Error: ThrottlingException' },
      message: 'a checkpoint was not stored; nothing is lost, the next one covers it',
    },
  ]);
});

test('a claim that was lost is counted by who lost it, and the epoch by who adopted it', async () => {
  const store = new MemoryStore();
  const records = written(1);
  const zombie = await worker(store, 'w1', records);
  const loser = await worker(store, 'w2', records);
  const batch = { records, millisBehindLatest: 0, checkpointer: stored };
  await zombie.processor.processRecords(batch);
  await loser.processor.processRecords(batch);
  // The zombie dies between its claim and its data.
  store.hooks.beforeEach = (operation, key) => {
    if (operation === 'put' && key.startsWith('digests/')) throw new Error('killed');
  };
  const end = { checkpointer: stored };
  await expect(zombie.processor.shutdownRequested(end)).rejects.toThrow('killed');
  store.hooks.beforeEach = () => {};
  await expect(loser.processor.shutdownRequested(end)).rejects.toMatchObject({ code: 'VF_CLAIM_LOST' });
  expect(await zombie.metrics()).not.toContainEqual(expect.stringContaining('epochs_total'));
  expect(await loser.metrics()).toContain('claims_lost_total 1');

  const heir = await worker(store, 'w2', records);
  await heir.processor.processRecords(batch);
  expect(await heir.metrics()).toEqual(expect.arrayContaining(['epochs_total 1', 'claims_adopted_total 1']));
  expect(await heir.metrics()).not.toContainEqual(expect.stringContaining('claims_lost'));
});

test.each(['leaseLost', 'shardEnded'] as const)(
  'after %s the gauges are gone and the counters are not',
  async (how) => {
    const records = written(1);
    const { processor, metrics } = await worker(new MemoryStore(), 'w1', records);
    await processor.processRecords({ records, millisBehindLatest: 7, checkpointer: stored });
    expect(await metrics()).toContain('millis_behind_latest 7');
    await processor[how]({ checkpointer: stored });
    const left = (await metrics()).map((line) => line.split(' ', 1)[0]);
    expect(left).toContain('records_total');
    expect(left).not.toContain('millis_behind_latest');
    expect(left).not.toContain('watermark_seconds');
  },
);

test('every counter of a shard is there, with 0, before its first batch', async () => {
  const { text } = await worker(new MemoryStore(), 'w1', written(1));
  const series = (await text()).split('\n').filter((line) => line.includes(`{shard="${shard}"`));
  const counters = Object.values(METRICS).filter(
    ({ kind, labels }) => kind === 'counter' && labels.some((label) => label === 'shard'),
  );
  const expected = counters.flatMap(({ name, labels }) =>
    labels.length === 1
      ? [`${name}{shard="${shard}"} 0`]
      : REJECT_REASONS.map((reason) => `${name}{shard="${shard}",reason="${reason}"} 0`),
  );
  expect(expected).toContain(`vpcflow_claims_lost_total{shard="${shard}"} 0`);
  expect(expected).toContain(`vpcflow_rejects_total{shard="${shard}",reason="token_count"} 0`);
  expect(series.toSorted()).toEqual(expected.toSorted());
});

test('a log group whose lines stop matching its format is told by the worker that commits them', async () => {
  const arrival = ARRIVAL;
  const data = Buffer.from(envelope(Array.from({ length: 20 }, (_, i) => `${flowLine(i)} vpc-0a9b`)));
  const records = [{ sequenceNumber: sequence(1), subSequenceNumber: 0, partitionKey: 'p', data, arrival }];
  const { processor, lines, text } = await worker(new MemoryStore(), 'w1', records);
  await processor.processRecords({ records, millisBehindLatest: 0, checkpointer: stored });
  await processor.shutdownRequested({ checkpointer: stored });
  expect(await text()).toContain('\nvpcflow_format_drift_lines_total{log_group="vpc-flow-logs"} 20\n');
  expect(lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { log_group: 'vpc-flow-logs', rejects: 20, samples: { length: 3 } } },
  ]);
});

test('how far behind a shard is can be seen while its batch is being committed', async () => {
  const store = new MemoryStore();
  const records = written(1);
  const { processor, metrics } = await worker(store, 'w1', records, { ...EPOCH_BOUNDS, rows: 1 });
  const seen: (readonly string[])[] = [];
  store.hooks.beforeEach = async (operation, key) => {
    if (operation === 'put' && key.startsWith('commits/')) seen.push(await metrics());
  };
  await processor.processRecords({ records, millisBehindLatest: 2500, checkpointer: stored });
  expect(seen.length).toBeGreaterThan(1);
  expect(seen[0]).toContain('millis_behind_latest 2500');
  expect(seen[0]).toContain(`records_total ${records.length}`);
  expect(await metrics()).toContain(`records_total ${records.length}`);
});

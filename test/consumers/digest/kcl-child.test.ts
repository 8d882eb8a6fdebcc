// The digest consumer as a real child process, its daemon played by hand: what was delivered is what the audit finds.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditStore } from '../../../consumers/shared/audit/audit-store.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { type LocalKinesis, localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { identifyStream, type StreamIdentity } from '../../../consumers/shared/kinesis.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { ensureLayout } from '../../../consumers/shared/store/layout.ts';
import { parseWatermark } from '../../../pipeline/documents.ts';
import { watermarkKey } from '../../../pipeline/keys.ts';
import { type Envelope, Subscription } from '../../../pipeline/simulation/envelopes.ts';
import { SIMULATED, SIMULATED_FORMAT } from '../../../pipeline/simulation/record.ts';
import { Simulation } from '../../../pipeline/simulation/simulation.ts';
import { LOG_GROUP } from '../../../pipeline/simulation/world.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { ROOT } from '../../source-files.ts';
import { until } from '../../until.ts';
import { HandDaemon } from '../shared/kcl/child/hand-daemon.ts';

const PATIENCE = 240_000; // ms: processes on a busy machine
const SHARD = 'shardId-000000000000';
const settings = { ...DEFAULT_SETTINGS, formats: [{ logGroup: LOG_GROUP, format: SIMULATED_FORMAT }] };

let kinesis: LocalKinesis;
let stream: StreamIdentity;
beforeAll(async () => {
  kinesis = await startLocalKinesis(null);
  const client = localClient(kinesis);
  await ensureStream(client, 'flows', 1, systemClock);
  stream = await identifyStream(client, 'flows');
  client.destroy();
}, PATIENCE);
afterAll(() => kinesis.stop());

let directory: string;
let store: DirectoryStore;
const daemons: HandDaemon[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-kcl-child-'));
  store = new DirectoryStore(directory);
  await ensureLayout(store);
});
afterEach(async () => {
  await Promise.all(daemons.splice(0).map((daemon) => daemon.stop()));
  await rm(directory, { recursive: true });
});

/** Some traffic, as it would arrive over twenty minutes that began half an hour ago. */
const traffic = (): { readonly records: readonly object[]; readonly lines: number } => {
  const begin = Math.floor(Date.now() / 60_000) * 60 - 1800;
  const simulation = new Simulation({ seed: 5, start: begin, anchor: begin, rate: 20, format: SIMULATED });
  const subscription = new Subscription(5, begin);
  const made: Envelope[] = [];
  while (simulation.second < begin + 300) made.push(...subscription.deliver(simulation.second, simulation.next()));
  made.push(...subscription.deliver(simulation.second, simulation.flush()));
  const records = made.map(({ data, partitionKey }, i) => {
    // Three follow each other under one number, as the library takes a KPL aggregate apart.
    const [whole, sub] = [Math.floor(i / 3), i % 3];
    return {
      ...{ action: 'record', data: data.toString('base64'), partitionKey, subSequenceNumber: sub },
      sequenceNumber: String(49_635_052_289_529_725n * 10n ** 30n + BigInt(whole)),
      approximateArrivalTimestamp: begin * 1000 + Math.floor((whole * 3 * 1_200_000) / made.length),
    };
  });
  return { records, lines: made.filter((one) => !one.redelivered).reduce((sum, one) => sum + one.lines, 0) };
};

/** Closes the shard, as its end says; it can be done once. */
const split = async (): Promise<void> => {
  const client = localClient(kinesis);
  const half = String(2n ** 127n);
  await client.send(new SplitShardCommand({ StreamARN: stream.arn, ShardToSplit: SHARD, NewStartingHashKey: half }));
  client.destroy();
};

const start = async (over: Readonly<Record<string, unknown>> = {}): Promise<HandDaemon> => {
  const { endpoint, region, credentials } = kinesis.place;
  const daemon = await HandDaemon.start(
    join(ROOT, 'consumers/digest/kcl-child.ts'),
    { stream, store: directory, settings, workerId: 'hand', bounds: null, forward: null, ...over },
    {
      AWS_ENDPOINT_URL_KINESIS: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  );
  daemons.push(daemon);
  return daemon;
};

/** The lease table: what was stored, and how the library answers the next checkpoints. */
class Leases {
  stored = 'TRIM_HORIZON';
  readonly errors: (string | null)[] = [];

  answer(sequenceNumber: string | null): string | null {
    const error = this.errors.shift() ?? null;
    if (error === null) this.stored = sequenceNumber ?? 'SHARD_END';
    return error;
  }
}

/** Sends one action and answers its checkpoints until it is completed. */
const act = async (daemon: HandDaemon, message: { readonly action: string }, leases: Leases): Promise<void> => {
  let line = await daemon.ask(message);
  for (;;) {
    const { action, sequenceNumber = null }: { action?: string; sequenceNumber?: string | null } = { ...Object(line) };
    if (action !== 'checkpoint') break;
    line = await daemon.ask({ action, sequenceNumber, error: leases.answer(sequenceNumber) });
  }
  expect(line).toEqual({ action: 'status', responseFor: message.action });
};

const initialize = (leases: Leases) => ({
  action: 'initialize',
  ...{ shardId: SHARD, sequenceNumber: leases.stored, subSequenceNumber: 0 },
});

/** What the library reads after a checkpoint: from its number on, without the first record of that aggregate. */
const after = (records: readonly object[], stored: string): readonly object[] =>
  records.filter((record) => {
    const { sequenceNumber, subSequenceNumber }: { sequenceNumber?: string; subSequenceNumber?: number } = record;
    if (stored === 'TRIM_HORIZON') return true;
    const [at, from] = [BigInt(sequenceNumber ?? ''), BigInt(stored)];
    return at > from || (at === from && subSequenceNumber !== 0);
  });

const batches = (records: readonly object[], size: number): { readonly action: string }[] =>
  Array.from({ length: Math.ceil(records.length / size) }, (_, i) => ({
    action: 'processRecords',
    records: records.slice(i * size, (i + 1) * size),
    millisBehindLatest: 1000,
  }));

/** The audit finds what was delivered, each line once, and nothing missing. */
const expectCounted = async (records: number, lines: number): Promise<void> => {
  const { report, open } = await auditStore(store, { window: null });
  const { rejects, ...counts } = report;
  expect(counts).toMatchObject({ ok: true, gaps: [], records: BigInt(records), lines: BigInt(lines) });
  expect(rejects.total).toBe(0n);
  expect(open).toEqual([]);
};

const clean = { status: 0, signal: null };

describe('a digest child', { timeout: PATIENCE }, () => {
  test('digests, shuts down, goes on from its checkpoint in another process, and ends with its shard', async () => {
    const { records, lines } = traffic();
    const leases = new Leases();
    const first = await start();
    await act(first, initialize(leases), leases);
    // Throttled, then stored; then one is refused for good, and the next covers it.
    leases.errors.push(null, 'ThrottlingException', null, 'InvalidStateException');
    const half = records.slice(0, Math.floor(records.length / 6) * 3);
    for (const batch of batches(half, 60)) await act(first, batch, leases);
    await act(first, { action: 'shutdownRequested' }, leases);
    await act(first, { action: 'leaseLost' }, leases);
    first.closeInput();
    expect(await first.exit()).toEqual(clean);
    expect(first.stderr).toBe('');
    expect(first.link.at(-1)).toEqual({ type: 'end', reason: 'shutdown' });
    expect(first.metric('records', 'sum')).toBe(half.length);
    expect(first.metric('checkpointRetries', 'sum')).toBe(1);
    expect(first.metric('checkpointFailures', 'sum')).toBe(1);
    expect(first.metric('checkpoints', 'sum')).toBe(first.metric('epochs', 'sum') - 1);
    expect(first.metric('millisBehindLatest', 'last')).toBe(1000);
    const { sequenceNumber }: { sequenceNumber?: string } = { ...half.at(-1) };
    expect(leases.stored).toBe(sequenceNumber);

    const second = await start();
    await act(second, initialize(leases), leases);
    const rest = after(records, leases.stored);
    expect(rest.length).toBe(records.length - half.length + 2); // two of the last aggregate come again
    for (const batch of batches(rest, 60)) await act(second, batch, leases);
    await split();
    await act(second, { action: 'shardEnded' }, leases);
    second.closeInput();
    expect(await second.exit()).toEqual(clean);
    expect(second.link.at(-1)).toEqual({ type: 'end', reason: 'shard-ended' });
    expect(leases.stored).toBe('SHARD_END');

    await expectCounted(records.length, lines);
    const watermark = await store.get(watermarkKey(stream.id, SHARD));
    expect(parseWatermark('', watermark?.body ?? Buffer.alloc(0)).ended).toBe(true);
  });

  test('that is killed wherever it is loses nothing, and counts nothing twice', async () => {
    const { records, lines } = traffic();
    const leases = new Leases();
    // With the batch half taken, and with a checkpoint asked for: stored, and not.
    for (const stored of [false, true]) {
      const daemon = await start();
      await act(daemon, initialize(leases), leases);
      const rest = batches(after(records, leases.stored), 40);
      for (const batch of rest) {
        const line: { action?: string; sequenceNumber?: string } = { ...Object(await daemon.ask(batch)) };
        if (line.action !== 'checkpoint') continue;
        if (stored) leases.answer(line.sequenceNumber ?? null);
        break;
      }
      daemon.kill('SIGKILL');
      expect(await daemon.exit()).toEqual({ status: null, signal: 'SIGKILL' });
      expect(daemon.link.map(({ type }) => type)).not.toContain('end');
    }
    const last = await start();
    await act(last, initialize(leases), leases);
    for (const batch of batches(after(records, leases.stored), 40)) await act(last, batch, leases);
    await act(last, { action: 'shutdownRequested' }, leases);
    last.closeInput();
    expect(await last.exit()).toEqual(clean);
    await expectCounted(records.length, lines);
  });

  test('ends with the reason, unanswered, when its store is none', async () => {
    const file = join(directory, 'file');
    await writeFile(file, 'not a directory');
    const daemon = await start({ store: file });
    await daemon.send(initialize(new Leases()));
    expect(await daemon.exit()).toEqual({ status: 1, signal: null });
    expect(daemon.failure).toMatch(/^VF_STORE_UNREACHABLE: /);
    expect(daemon.lines).toEqual([]);
  });

  test('ends with the reason, unanswered, when its worker is of another version', async () => {
    const daemon = await start({ bounds: 12 });
    expect(await daemon.exit()).toEqual({ status: 1, signal: null });
    expect(daemon.failure).toMatch(/^VF_ENGINE: the configuration of a child is not one of this version: .*bounds/);
  });

  test('makes its shard known before it answers, so that no window counts as complete without it', async () => {
    const leases = new Leases();
    const daemon = await start();
    await act(daemon, initialize(leases), leases);
    const listed = await store.get(`watermarks/${stream.id}/shards.json`);
    expect(listed?.body.toString()).toContain(SHARD);
    await until('the shard is named to the worker', () => daemon.link.some(({ type }) => type === 'shard'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
  });
});

// The embedded engine over starts, kills and renewals: every record that it took reaches a processor, once per commit.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutRecordCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { EVENTS, FLOWS, LocalEngine } from '../../../../consumers/shared/embedded/local-engine.ts';
import { startLocalKinesis } from '../../../../consumers/shared/embedded/local-kinesis.ts';
import { SNAPSHOT } from '../../../../consumers/shared/embedded/local-kinesis-preload.ts';
import { kinesisClient } from '../../../../consumers/shared/kinesis.ts';
import type { Clock } from '../../../../schemas/clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { until } from '../../../until.ts';
import { Recording } from './recording-processor.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-engine-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const texts = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const outgoing = (all: readonly string[]) => all.map((text) => ({ partitionKey: text, data: Buffer.from(text) }));

/** An engine with a local Kinesis of its own, which ends with it. */
const start = async (recording: Recording, store: MemoryStore, renewBytes = 1_000_000, clock: Clock = systemClock) => {
  const kinesis = await startLocalKinesis(join(directory, 'kinesis'));
  const { engine, restored } = await LocalEngine.start({
    ...{ kinesis, stream: FLOWS, state: directory, store, clock, renewBytes, renewMs: 0 },
    createProcessor: () => recording.of(),
  });
  const ended = (work: () => Promise<void>) => async () => {
    await work();
    await kinesis.stop();
  };
  return {
    ...{ engine, restored, kinesis, endpoint: kinesis.place.endpoint },
    ...{ stop: ended(() => engine.stop()), kill: ended(() => engine.kill()) },
  };
};

test('a second start goes on where the first stopped', async () => {
  const store = new MemoryStore();
  const first = new Recording();
  const one = await start(first, store);
  expect(one.restored).toBeNull();
  await one.engine.put(outgoing(texts('a', 30)));
  await one.stop();
  expect([...first.texts].sort()).toEqual(texts('a', 30).sort());

  const second = new Recording();
  const two = await start(second, store);
  await two.engine.put(outgoing(texts('b', 30)));
  await two.stop();
  // Nothing is told twice: what was checkpointed stays behind, whether the local Kinesis still had it or not.
  expect([...second.texts].sort()).toEqual(texts('b', 30).sort());
});

test('it does not stop before all that was put is read, however long that takes', async () => {
  const [reading, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const recording = new Recording();
  recording.onBatch = ({ records }) => {
    if (records.length === 0) return;
    reading.resolve();
    return released.promise;
  };
  let isBusy = false;
  let ahead = 0; // ms; each look at the clock of a machine that is far too busy comes a minute later
  const now = (): number => {
    if (isBusy) ahead += 60_000;
    return Date.now() + ahead;
  };
  const { engine, stop } = await start(recording, new MemoryStore(), 1_000_000, { now, sleep: systemClock.sleep });
  await engine.put(outgoing(texts('a', 1)));
  await reading.promise;
  await engine.put(outgoing(texts('b', 30)));
  isBusy = true;
  const stopped = stop();
  released.resolve();
  await stopped;
  expect([...recording.texts].sort()).toEqual([...texts('a', 1), ...texts('b', 30)].sort());
});

test('what a killed run left is read to its end before the stream is renewed, however long that takes', async () => {
  const first = new Recording();
  first.checkpointing = false;
  const one = await start(first, new MemoryStore());
  await one.engine.put(outgoing(['left behind']));
  const saved = Buffer.from('left behind').toString('base64');
  const snapshot = join(directory, 'kinesis', SNAPSHOT);
  await until('it is saved', async () => (await readFile(snapshot, 'utf8').catch(() => '')).includes(saved));
  await one.kill();

  const second = new Recording();
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isStuck = false;
  let looks = 0; // at the clock while the store is stuck, a minute after each other
  const store = new MemoryStore(new Map(), {
    beforeEach: async () => {
      isStuck = true;
      asked.resolve();
      await answered.promise;
      isStuck = false;
    },
  });
  const now = (): number => {
    if (isStuck) looks += 1;
    return Date.now() + looks * 60_000;
  };
  const starting = start(second, store, 1_000_000, { now, sleep: systemClock.sleep });
  await asked.promise;
  await until('it has waited for minutes', () => looks >= 5, 20).finally(() => answered.resolve());
  const { restored, stop } = await starting;
  expect(second.texts).toEqual(['left behind']);
  expect(restored?.records).toBe(1);
  await stop();
  expect(second.texts).toEqual(['left behind']);
});

test('a stream that has grown is renewed between two puts, and no record is lost or told twice', async () => {
  const recording = new Recording();
  const sequence: bigint[] = [];
  recording.onBatch = ({ records }) => {
    for (const record of records) sequence.push(BigInt(record.sequenceNumber));
  };
  const { engine, stop } = await start(recording, new MemoryStore(), 10);
  await engine.put(outgoing(texts('a', 20)));
  await Promise.all([engine.maintain(), engine.put(outgoing(texts('b', 20)))]);
  expect(recording.calls.filter((call) => call.startsWith('shutdown'))).toHaveLength(2);
  await engine.maintain();
  await engine.put(outgoing(texts('c', 20)));
  await stop();
  expect([...recording.texts].sort()).toEqual([...texts('a', 20), ...texts('b', 20), ...texts('c', 20)].sort());
  expect(recording.calls.filter((call) => call.startsWith('initialize'))).toHaveLength(6);
  const [first, last] = [sequence[0]!, sequence.at(-1)!];
  expect(last > first).toBe(true);
});

test('a stream on which somebody else puts records is never renewed', async () => {
  const recording = new Recording();
  const { engine, endpoint, stop } = await start(recording, new MemoryStore(), 10);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const stranger = kinesisClient({ endpoint, region: 'us-east-1', credentials });
  await stranger.send(
    new PutRecordCommand({ StreamName: FLOWS.name, PartitionKey: 'k', Data: Buffer.from('foreign') }),
  );
  await engine.put(outgoing(['own and long enough']));
  await engine.maintain();
  expect(recording.calls.filter((call) => call.startsWith('shutdown'))).toEqual([]);
  expect([...recording.texts].sort()).toEqual(['foreign', 'own and long enough']);
  stranger.destroy();
  await stop();
});

test('a stream whose shards somebody has split goes on over a restart', async () => {
  const store = new MemoryStore();
  const first = new Recording();
  const one = await start(first, store, 10);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const stranger = kinesisClient({ endpoint: one.endpoint, region: 'us-east-1', credentials });
  await one.engine.put(outgoing(texts('a', 20)));
  await stranger.send(
    new SplitShardCommand({
      StreamName: FLOWS.name,
      ShardToSplit: 'shardId-000000000000',
      NewStartingHashKey: String(2n ** 126n),
    }),
  );
  await until('it is split', () => first.calls.filter((call) => call.startsWith('initialize')).length === 4);
  await one.engine.put(outgoing(texts('b', 20)));
  await one.engine.maintain(); // must not renew it
  stranger.destroy();
  await one.stop();
  expect([...first.texts].sort()).toEqual([...texts('a', 20), ...texts('b', 20)].sort());

  const second = new Recording();
  const two = await start(second, store);
  await two.engine.put(outgoing(texts('c', 20)));
  await two.stop();
  expect([...second.texts].sort()).toEqual(texts('c', 20).sort());
  // Each of the three open shards has come to its end, and has a successor.
  expect(second.calls.filter((call) => call.startsWith('ended')).length).toBeGreaterThanOrEqual(3);
});

test('a processor that fails fails the engine', async () => {
  const recording = new Recording();
  recording.onBatch = ({ records }) => {
    if (records.length > 0) throw new Error('processor defect');
  };
  const { engine, kill } = await start(recording, new MemoryStore());
  await engine.put(outgoing(['one']));
  await expect(engine.failed).rejects.toThrow('processor defect');
  await until('it can be ended', () => kill().then(() => true));
});

test('two engines share one local Kinesis, each with its stream, and only the counted one is asked for completeness', async () => {
  const [flows, events] = [new Recording(), new Recording()];
  const store = new MemoryStore();
  const one = await start(flows, store, 10);
  const { engine: other } = await LocalEngine.start({
    ...{ kinesis: one.kinesis, stream: EVENTS, state: directory, store, clock: systemClock, renewBytes: 1_000_000 },
    createProcessor: () => events.of(),
  });
  await other.put(outgoing(texts('event', 5)));
  await one.engine.put(outgoing(texts('a', 20)));
  await one.engine.maintain(); // renews its own stream
  await one.engine.put(outgoing(texts('b', 20)));
  await other.put(outgoing(texts('later', 5)));
  await other.stop();
  await one.engine.put(outgoing(texts('c', 20))); // the local Kinesis is not ended with one of its engines
  await one.stop();
  expect([...flows.texts].sort()).toEqual([...texts('a', 20), ...texts('b', 20), ...texts('c', 20)].sort());
  expect([...events.texts].sort()).toEqual([...texts('event', 5), ...texts('later', 5)].sort());
  expect([...store.backing.keys()]).toEqual([expect.stringContaining(`.${FLOWS.name}/`)]);
});

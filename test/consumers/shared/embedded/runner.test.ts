// The shard runner against the real API of kinesis-local: every record once and in order, through restarts and reshards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KinesisClient, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import {
  type LocalKinesis,
  localClient,
  startLocalKinesis,
} from '../../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../../consumers/shared/embedded/local-stream.ts';
import { identifyStream } from '../../../../consumers/shared/kinesis.ts';
import { listShards } from '../../../../consumers/shared/shard-list.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { parseShardList } from '../../../../pipeline/documents.ts';
import { shardsKey } from '../../../../pipeline/keys.ts';
import { until } from '../../../until.ts';
import { Bed } from './bed.ts';
import { Recording } from './recording-processor.ts';

const FIRST = 'shardId-000000000000';
const SECOND = 'shardId-000000000001';

let kinesis: LocalKinesis;
let client: KinesisClient;
let streams = 0;
let directory: string;

beforeAll(async () => {
  kinesis = await startLocalKinesis(null);
  client = localClient(kinesis);
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-runner-'));
});

afterAll(async () => {
  client.destroy();
  await kinesis.stop();
  await rm(directory, { recursive: true });
});

const beds: Bed[] = [];
const bed = async (shards = 2): Promise<Bed> => {
  const made = await Bed.make(client, `runner-${++streams}`, shards, directory);
  beds.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(beds.splice(0).map((made) => made.end()));
});

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const split = async (made: Bed, shard: string): Promise<void> => {
  const listed = await listShards(client, made.stream);
  const before = listed.length;
  // Whatever the range is, a point a third into each half of the key space lies inside it for two shards.
  const at = shard === FIRST ? 2n ** 126n : 2n ** 127n + 2n ** 126n;
  await client.send(
    new SplitShardCommand({ StreamName: made.stream.name, ShardToSplit: shard, NewStartingHashKey: String(at) }),
  );
  await until('the split is done', async () => (await listShards(client, made.stream)).length === before + 2);
  await ensureStream(client, made.stream.name, 2, systemClock);
};

test('every record of all shards comes once, and empty batches let time pass', async () => {
  const made = await bed();
  const recording = new Recording();
  const run = made.run(recording);
  const texts = names('a', 50);
  await made.put(texts);
  await until('all records came', () => recording.texts.length >= texts.length);
  const { empty } = recording;
  await until('empty batches come', () => recording.empty > empty + 1);
  await run.stop();
  expect([...recording.texts].sort()).toEqual([...texts].sort());
  expect(recording.calls.sort()).toEqual([
    `initialize ${FIRST}`,
    `initialize ${SECOND}`,
    `shutdown ${FIRST}`,
    `shutdown ${SECOND}`,
  ]);
  expect(recording.positions).toEqual(
    new Map([
      [FIRST, 'TRIM_HORIZON'],
      [SECOND, 'TRIM_HORIZON'],
    ]),
  );
});

test('a second run goes on after the checkpoints, and only there', async () => {
  const made = await bed();
  const first = new Recording();
  const run = made.run(first);
  await made.put(names('a', 20));
  await until('the first records came', () => first.texts.length === 20);
  await run.stop();
  await made.put(names('b', 20));
  const second = new Recording();
  const again = made.run(second);
  await until('the others came', () => second.texts.length >= 20);
  await again.stop();
  expect([...second.texts].sort()).toEqual(names('b', 20).sort());
  for (const position of second.positions.values()) expect(position).toMatch(/^\d{50,}$/);
});

test('what was not checkpointed comes again when a processor fails; the others shut down', async () => {
  const made = await bed();
  const broken = new Recording();
  broken.onBatch = (batch) => {
    if (batch.records.some((record) => record.data.toString() === 'poison')) throw new Error('processor defect');
  };
  const run = made.run(broken);
  await made.put(['one', 'two', 'three']);
  await until('the good records came', () => broken.texts.length === 3);
  await made.put(['poison']);
  await expect(run.done).rejects.toThrow('processor defect');
  expect(broken.calls.filter((call) => call.startsWith('shutdown'))).toHaveLength(1);
  const repaired = new Recording();
  const again = made.run(repaired);
  await until('it came again', () => repaired.texts.length >= 1);
  await again.stop();
  expect(repaired.texts).toEqual(['poison']);
});

test('children of a split and of a merge begin after the end of their parents', async () => {
  const made = await bed();
  const recording = new Recording();
  const childless: string[] = []; // ended before anybody could know who goes on
  recording.onEnd = (shard) => {
    const list = parseShardList(shardsKey(made.stream.id), made.store.backing.get(shardsKey(made.stream.id))!);
    if (!list.shards.some((info) => info.parents.includes(shard))) childless.push(shard);
  };
  await made.put(names('a', 20));
  await split(made, FIRST);
  await made.put(names('b', 20));
  const run = made.run(recording);
  await until('both generations came', () => recording.texts.length === 40);
  const children = (await listShards(client, made.stream)).filter((info) => info.parents.length > 0);
  // While the runner runs: the children merge again.
  const [left, right] = children.map((info) => info.shard);
  await client.send(
    new MergeShardsCommand({
      StreamName: made.stream.name,
      ShardToMerge: left!,
      AdjacentShardToMerge: right!,
    }),
  );
  await until('the merge is done', async () => (await listShards(client, made.stream)).length === 5);
  await ensureStream(client, made.stream.name, 2, systemClock);
  await made.put(names('c', 20));
  await until('the third generation came', () => recording.texts.length === 60);
  await run.stop();

  expect(childless).toEqual([]);
  const position = (call: string): number => recording.calls.indexOf(call);
  const grandchild = (await listShards(client, made.stream)).at(-1)!;
  expect(grandchild.parents).toEqual([left, right]);
  for (const child of [left, right]) {
    expect(position(`ended ${FIRST}`)).toBeLessThan(position(`initialize ${child}`));
    expect(position(`ended ${child}`)).toBeLessThan(position(`initialize ${grandchild.shard}`));
  }
  expect([...recording.texts].sort()).toEqual([...names('a', 20), ...names('b', 20), ...names('c', 20)].sort());

  const list = await made.store.get(shardsKey(made.stream.id));
  const { shards } = parseShardList(shardsKey(made.stream.id), list!.body);
  expect(shards).toEqual(await listShards(client, made.stream));
  expect(shards.filter((info) => info.closed).map((info) => info.shard)).toEqual([FIRST, left, right]);

  // An ended shard stays ended: a new run begins with what is open.
  const next = new Recording();
  const again = made.run(next);
  await until('the open shards are taken up', () => next.positions.size === 2);
  await again.stop();
  expect([...next.positions.keys()].sort()).toEqual([SECOND, grandchild.shard].sort());
  expect(next.texts).toEqual([]);
});

test('a stream that nobody asks the completeness of is read through a split, and the store hears nothing of it', async () => {
  const made = await bed(1);
  made.registered = false;
  const recording = new Recording();
  const run = made.run(recording);
  await made.put(names('before', 5));
  await split(made, FIRST);
  await made.put(names('after', 5));
  await until('all records came', () => recording.texts.length >= 10);
  await run.stop();
  expect([...recording.texts].sort()).toEqual([...names('before', 5), ...names('after', 5)].sort());
  expect(recording.calls).toContain(`ended ${FIRST}`);
  expect(await made.store.get(shardsKey(made.stream.id))).toBeNull();
});

test('without a checkpoint reading begins at the given time, and a restart keeps to it', async () => {
  const made = await bed(1);
  await made.put(['before']);
  const put = Date.now();
  await until('the clock moves on', () => Date.now() > put + 1);
  const at = Date.now();
  const idle = new Recording();
  const first = made.run(idle, at);
  await until('it reads', () => idle.empty > 0 || idle.texts.length > 0);
  await first.stop();
  await made.put(['while down']);
  const later = new Recording();
  const second = made.run(later, Date.now());
  await until('it came', () => later.texts.length > 0);
  await second.stop();
  expect([...idle.texts, ...later.texts]).toEqual(['while down']);
});

test('a rewind reads everything again, and a start after it goes on from there', async () => {
  const made = await bed(1);
  await made.put(['one', 'two']);
  /** One run until `count` records came. */
  const read = async (recording: Recording, count: number, rewind: boolean): Promise<readonly string[]> => {
    const run = made.run(recording, Date.now(), rewind);
    await until('the records came', () => recording.texts.length >= count);
    await run.stop();
    return recording.texts;
  };
  await made.checkpoints.put(FIRST, { kind: 'start', at: null });
  expect(await read(new Recording(), 2, false)).toEqual(['one', 'two']);
  const killed = new Recording(); // before its first commit
  killed.checkpointing = false;
  expect(await read(killed, 2, true)).toEqual(['one', 'two']);
  expect(killed.positions.get(FIRST)).toBe('TRIM_HORIZON');
  expect(await read(new Recording(), 2, false)).toEqual(['one', 'two']);
  await made.put(['three']);
  expect(await read(new Recording(), 1, false)).toEqual(['three']);
});

test('a rewind reads shards again that have ended, before their children', async () => {
  const made = await bed();
  await made.put(names('a', 20));
  await split(made, FIRST);
  await made.put(names('b', 20));
  for (const rewind of [false, true]) {
    const recording = new Recording();
    const run = made.run(recording, null, rewind);
    await until('everything came', () => recording.texts.length >= 40);
    await run.stop();
    expect([...recording.texts].sort()).toEqual([...names('a', 20), ...names('b', 20)].sort());
    expect(recording.calls).toContain(`ended ${FIRST}`);
  }
});

test('a checkpoint that the stream does not know is read from its arrival time on', async () => {
  const made = await bed(1);
  await made.put(['old']);
  const [known] = await made.put(['kept']);
  const lost = String(BigInt(known!) + 16n);
  await made.checkpoints.put(FIRST, { kind: 'after', sequenceNumber: lost, arrival: null });
  const recording = new Recording();
  recording.checkpointing = false;
  const run = made.run(recording);
  await until('records came', () => recording.texts.length >= 2);
  await run.stop();
  expect(recording.texts).toEqual(['old', 'kept']); // the processor knows what it has committed
  expect(recording.positions.get(FIRST)).toBe('AT_TIMESTAMP'); // and is not told that reading went on after it
});

test('a broken checkpoint file is an error, not a new beginning', async () => {
  const made = await bed(1);
  const store = new DirectoryStore(directory);
  await store.put(`test/${made.stream.id}/${FIRST}.json`, Buffer.from('{"kind":"after"}'));
  await expect(made.run(new Recording()).done).rejects.toMatchObject({ code: 'VF_STORE_CORRUPT' });
});

test('a stream that is gone ends the run with VF_STREAM', async () => {
  await expect(identifyStream(client, 'nobody')).rejects.toMatchObject({ code: 'VF_STREAM' });
});

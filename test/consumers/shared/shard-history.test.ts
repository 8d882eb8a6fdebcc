// The history of a shard: the first record that can still be read from a position on, and how it is asked for.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { type LocalKinesis, localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { shardHistory } from '../../../consumers/shared/shard-history.ts';
import { Bed } from './embedded/bed.ts';

const SHARD = 'shardId-000000000000';

let kinesis: LocalKinesis;
let client: KinesisClient;
let directory: string;
beforeAll(async () => {
  kinesis = await startLocalKinesis(null);
  client = localClient(kinesis);
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-history-'));
});
afterAll(async () => {
  client.destroy();
  await kinesis.stop();
  await rm(directory, { recursive: true });
});

test('the history of a shard knows its first readable record from a position on', async () => {
  const made = await Bed.make(client, 'known', 1, directory);
  const [one, two, three] = await made.put(['one', 'two', 'three']);
  const history = shardHistory(client, made.stream, SHARD, systemClock);
  expect(await history.firstFrom('0')).toBe(one);
  expect(await history.firstFrom(two!)).toBe(two);
  expect(await history.firstAfter(two!)).toBe(three);
  expect(await history.firstAfter(three!)).toBeNull();
});

test('the history of a shard is never read from its oldest record when a known one was asked for', async () => {
  const made = await Bed.make(client, 'watched', 1, directory);
  const [one, two, three] = await made.put(['one', 'two', 'three']);
  const watched = localClient(kinesis);
  const asked: string[] = [];
  watched.middlewareStack.add(
    (next) => (args) => {
      if ('ShardIteratorType' in args.input) asked.push(String(args.input.ShardIteratorType));
      return next(args);
    },
    { step: 'initialize' },
  );
  const history = shardHistory(watched, made.stream, SHARD, systemClock);
  expect(await history.firstAfter(one!)).toBe(two);
  expect(await history.firstFrom(three!)).toBe(three);
  expect(asked).toEqual(['AFTER_SEQUENCE_NUMBER', 'AT_SEQUENCE_NUMBER']);
  // The chain's start stands before every record, and a record that nobody knows may.
  expect(await history.firstAfter('0')).toBe(one);
  expect(asked.slice(2)).toEqual(['TRIM_HORIZON']);
  expect(await history.firstAfter(String(BigInt(two!) - 1n))).toBe(two);
  expect(asked.slice(3)).toEqual(['AFTER_SEQUENCE_NUMBER', 'TRIM_HORIZON']);
  watched.destroy();
});

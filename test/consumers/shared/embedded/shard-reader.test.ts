// Reading a shard through what a busy service answers: throttling, expired iterators, outages.
import {
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-kinesis';
import { expect, test } from 'vitest';
import { ShardReader } from '../../../../consumers/shared/embedded/shard-reader.ts';
import { kinesisClient, type StreamIdentity } from '../../../../consumers/shared/kinesis.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

const stream: StreamIdentity = {
  name: 's',
  arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s',
  region: 'us-east-1',
  id: '123456789012.us-east-1.s',
};

type Answer = { readonly records: readonly string[]; readonly ended?: true } | Error;

/** A service that gives these answers to GetRecords, one after the other; what it was asked for iterators. */
const scripted = (answers: readonly Answer[]) => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = kinesisClient({ endpoint: 'http://127.0.0.1:9', region: 'us-east-1', credentials });
  const asked: string[] = [];
  let next = 0;
  client.middlewareStack.add(
    (_, context) => async (args) => {
      const $metadata = {};
      const command = 'commandName' in context ? context.commandName : '';
      if (command === GetShardIteratorCommand.name && 'ShardIteratorType' in args.input) {
        asked.push(`${args.input.ShardIteratorType} ${args.input.StartingSequenceNumber ?? ''}`.trim());
        return { output: { $metadata, ShardIterator: `iterator-${asked.length}` }, response: {} };
      }
      expect(command).toBe(GetRecordsCommand.name);
      const answer = answers[Math.min(next++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      const Records = answer.records.map((SequenceNumber) => ({
        ...{ SequenceNumber, PartitionKey: 'k', Data: Buffer.from(SequenceNumber) },
        ApproximateArrivalTimestamp: new Date(1_795_183_200_000),
      }));
      const following = answer.ended === true ? {} : { NextShardIterator: `after-${next}` };
      return { output: { $metadata, Records, MillisBehindLatest: 0, ...following }, response: {} };
    },
    { step: 'initialize' },
  );
  return { client, asked };
};

const $metadata = {};
const expired = new ExpiredIteratorException({ message: 'expired', $metadata });
const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata });
const outage = new Error('connect ECONNREFUSED');

const reader = (client: ReturnType<typeof kinesisClient>, clock: ManualClock, signal = new AbortController().signal) =>
  new ShardReader(client, stream, 'shardId-000000000000', { kind: 'start', at: null }, clock, signal);

/** Lets time pass until the promise settles. */
const pass = async <T>(clock: ManualClock, promise: Promise<T>): Promise<T> => {
  let over = false;
  const end = promise.finally(() => {
    over = true;
  });
  end.catch(() => {});
  while (!over) await clock.advance(500);
  return await end;
};

test('an expired iterator is opened again after what was delivered', async () => {
  const { client, asked } = scripted([{ records: ['7', '8'] }, expired, { records: ['9'], ended: true }]);
  const clock = new ManualClock();
  const one = reader(client, clock);
  expect((await pass(clock, one.read()))?.records.map((record) => record.sequenceNumber)).toEqual(['7', '8']);
  const last = await pass(clock, one.read());
  expect(last?.records.map((record) => record.data.toString())).toEqual(['9']);
  expect(last?.ended).toBe(true);
  expect(asked).toEqual(['TRIM_HORIZON', 'AFTER_SEQUENCE_NUMBER 8']);
});

test('throttling is waited out, however long it lasts', async () => {
  const { client } = scripted([...Array<Error>(30).fill(throttled), { records: ['1'] }]);
  const clock = new ManualClock();
  const began = clock.now();
  expect((await pass(clock, reader(client, clock).read()))?.records).toHaveLength(1);
  expect(clock.now() - began).toBeGreaterThan(5_000);
});

test('a short outage is waited out, a long one is an error', async () => {
  const clock = new ManualClock();
  const short = scripted([...Array<Error>(5).fill(outage), { records: ['1'] }]);
  expect((await pass(clock, reader(short.client, clock).read()))?.records).toHaveLength(1);
  const long = scripted([outage]);
  await expect(pass(clock, reader(long.client, clock).read())).rejects.toMatchObject({ code: 'VF_STREAM' });
});

test('the signal ends the waiting', async () => {
  const { client } = scripted([throttled]);
  const clock = new ManualClock();
  const stop = new AbortController();
  const reading = reader(client, clock, stop.signal).read();
  await clock.untilSleeping();
  stop.abort();
  expect(await reading).toBeNull();
});

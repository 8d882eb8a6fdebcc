// The children of a shard that has ended are known before it is called so, however late the stream lists them.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { kinesisClient, type StreamIdentity } from '../../../consumers/shared/kinesis.ts';
import { recordChildren } from '../../../consumers/shared/shard-list.ts';
import { parseShardList } from '../../../pipeline/documents.ts';
import { shardsKey } from '../../../pipeline/keys.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';

const stream: StreamIdentity = {
  name: 's',
  arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s',
  region: 'us-east-1',
  id: '123456789012.us-east-1.s',
};
const PARENT = {
  ShardId: 'shardId-0',
  SequenceNumberRange: { StartingSequenceNumber: '1', EndingSequenceNumber: '9' },
};
const CHILD = {
  ShardId: 'shardId-1',
  ParentShardId: 'shardId-0',
  SequenceNumberRange: { StartingSequenceNumber: '10' },
};

const LATER = { ...CHILD, ShardId: 'shardId-7', ParentShardId: 'shardId-3' };

/** A stream that lists the child only from its n-th answer on; or one of which both have expired. */
let listedFrom = 0;
let expired = false;
let asked = 0;
const server = createServer((request: IncomingMessage, response) => {
  request.resume().on('end', () => {
    asked += 1;
    const Shards = expired ? [LATER] : asked >= listedFrom ? [PARENT, CHILD] : [PARENT];
    const body = JSON.stringify({ Shards: Shards.map((shard) => ({ HashKeyRange: {}, ...shard })) });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  asked = 0;
  expired = false;
});

const record = (store: MemoryStore, clock: ManualClock): Promise<void> => {
  const { port } = server.address() as AddressInfo; // of a TCP server
  const client = kinesisClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return recordChildren(store, client, stream, 'shardId-0', clock).finally(() => client.destroy());
};

test('a list that lags behind is asked again', async () => {
  listedFrom = 3;
  const [store, clock] = [new MemoryStore(), new ManualClock()];
  const recorded = record(store, clock);
  for (let pause = 0; pause < 2; pause++) {
    await clock.untilSleeping();
    await clock.advance(2_000);
  }
  await recorded;
  expect(asked).toBe(3);
  const key = shardsKey(stream.id);
  expect(parseShardList(key, (await store.get(key))!.body).shards).toEqual([
    { shard: 'shardId-0', parents: [], closed: true },
    { shard: 'shardId-1', parents: ['shardId-0'], closed: false },
  ]);
});

test('a shard whose children are never listed is not called ended', async () => {
  listedFrom = Number.POSITIVE_INFINITY;
  const clock = new ManualClock();
  const refused = expect(record(new MemoryStore(), clock)).rejects.toMatchObject({ code: 'VF_STREAM' });
  while (asked < 29) {
    await clock.untilSleeping();
    await clock.advance(2_000);
  }
  await clock.untilSleeping();
  await clock.advance(2_000);
  await refused;
  expect(asked).toBe(30);
});

test('a shard that has expired with its children is waited for no more', async () => {
  expired = true;
  await record(new MemoryStore(), new ManualClock());
  expect(asked).toBe(1);
});

// Putting records: within the limits of a call, in order, and again until the stream has taken them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kinesisClient, type StreamIdentity } from '../../../consumers/shared/kinesis.ts';
import {
  batches,
  MAX_BATCH_BYTES,
  MAX_BATCH_RECORDS,
  type OutgoingRecord,
  putRecords,
} from '../../../consumers/shared/kinesis-writer.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { until } from '../../until.ts';

test('batches keep the order and the limits, and are as few as the order allows', () => {
  const records = fc.array(
    fc.record({ partitionKey: fc.string({ minLength: 1, maxLength: 8 }), size: fc.nat({ max: 2_000_000 }) }),
    { maxLength: 30 },
  );
  const zeros = Buffer.alloc(2_000_000);
  fc.assert(
    fc.property(records, fc.nat({ max: 1200 }), (large, small) => {
      const all: OutgoingRecord[] = [
        ...large.map(({ partitionKey, size }) => ({ partitionKey, data: zeros.subarray(0, size) })),
        ...Array.from({ length: small }, (_, i) => ({ partitionKey: String(i), data: zeros.subarray(0, 1) })),
      ];
      const planned = batches(all);
      expect(planned.flat()).toEqual(all);
      const size = (batch: readonly OutgoingRecord[]): number =>
        batch.reduce((sum, { partitionKey, data }) => sum + Buffer.byteLength(partitionKey) + data.length, 0);
      planned.forEach((batch, i) => {
        expect(batch.length).toBeLessThanOrEqual(MAX_BATCH_RECORDS);
        expect(size(batch)).toBeLessThanOrEqual(MAX_BATCH_BYTES);
        const next = planned[i + 1]?.[0];
        if (next !== undefined)
          expect(batch.length === MAX_BATCH_RECORDS || size(batch) + size([next]) > MAX_BATCH_BYTES).toBe(true);
      });
    }),
    { numRuns: 30 },
  );
  expect(batches([{ partitionKey: 'k', data: Buffer.alloc(MAX_BATCH_BYTES + 1) }])).toHaveLength(1);
});

const stream: StreamIdentity = {
  name: 's',
  arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s',
  region: 'us-east-1',
  id: '123456789012.us-east-1.s',
};

/** A client whose service takes of each call only what `takes` says; what it took, and how many calls it got. */
const pickyClient = (takes: (call: number, index: number) => boolean) => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = kinesisClient({ endpoint: 'http://127.0.0.1:9', region: 'us-east-1', credentials });
  const seen = { calls: 0, taken: [] as string[] };
  client.middlewareStack.add(
    () => async (args) => {
      const call = seen.calls++;
      const sent = 'Records' in args.input ? (args.input.Records ?? []) : [];
      const Records = sent.map(({ PartitionKey }, i) => {
        if (!takes(call, i)) return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'slow down' };
        seen.taken.push(PartitionKey ?? '');
        return { SequenceNumber: '1', ShardId: 'shardId-000000000000' };
      });
      return { output: { $metadata: {}, Records }, response: {} };
    },
    { step: 'initialize' },
  );
  return { client, seen };
};

const numbered = (count: number): OutgoingRecord[] =>
  Array.from({ length: count }, (_, i) => ({ partitionKey: String(i), data: Buffer.from('x') }));

/** Lets a sleeping writer sleep on until it is done. */
const pass = async (clock: ManualClock, done: Promise<void>): Promise<void> => {
  let over = false;
  const end = done.finally(() => {
    over = true;
  });
  end.catch(() => {});
  while (!over) await clock.advance(1000);
  await end;
};

test('what a call did not take is put again, and nothing else', async () => {
  const { client, seen } = pickyClient((call, index) => call > 2 || index % 2 === 0);
  const clock = new ManualClock();
  await pass(clock, putRecords(client, stream, numbered(700), clock));
  expect([...seen.taken].sort()).toEqual(
    numbered(700)
      .map(({ partitionKey }) => partitionKey)
      .sort(),
  );
  expect(seen.calls).toBe(5); // 500, 250, 125, 62 and the rest; then 200 at once
});

test('a stream that takes nothing for half a minute is an error', async () => {
  const { client, seen } = pickyClient(() => false);
  const clock = new ManualClock();
  await expect(pass(clock, putRecords(client, stream, numbered(3), clock))).rejects.toMatchObject({
    code: 'VF_STREAM',
  });
  expect(seen.calls).toBe(11);
});

test('a bounded effort ends with its signal, and says how much it puts again', async () => {
  const { client, seen } = pickyClient((call, index) => call === 0 && index < 2);
  const clock = new ManualClock();
  const late = new AbortController();
  const again: number[] = [];
  const bounds = { signal: late.signal, callTimeout: 10_000, onRetry: (records: number) => void again.push(records) };
  void clock.sleep(5000).then(() => late.abort());
  await expect(pass(clock, putRecords(client, stream, numbered(5), clock, bounds))).rejects.toMatchObject({
    code: 'VF_STREAM',
    message: 'stream s does not take records: slow down',
  });
  expect(seen.taken).toEqual(['0', '1']);
  expect(again.length).toBe(seen.calls - 1);
  expect(new Set(again)).toEqual(new Set([3]));
  expect(clock.sleeping).toBe(0);
});

test('a bounded effort that has no time at all puts nothing', async () => {
  const { client, seen } = pickyClient(() => true);
  const clock = new ManualClock();
  const bounds = { signal: AbortSignal.abort(), callTimeout: 10_000 };
  await expect(putRecords(client, stream, numbered(1), clock, bounds)).rejects.toMatchObject({ code: 'VF_STREAM' });
  expect(seen.calls).toBe(0);
});

test('a call without an answer is made again after its time', async () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    request.resume();
    if (requests.length === 1) return; // and no answer ever
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ FailedRecordCount: 0, Records: [{ SequenceNumber: '1', ShardId: 's' }] }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = kinesisClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials });
  const clock = new ManualClock();
  const done = putRecords(client, stream, numbered(1), clock, {
    signal: new AbortController().signal,
    callTimeout: 10_000,
  });
  await until('the first call has come', () => requests.length === 1);
  await clock.advance(10_000);
  await clock.untilSleeping();
  await clock.advance(1000); // the pause before the second
  await done;
  expect(requests).toHaveLength(2);
  expect(clock.sleeping).toBe(0);
  client.destroy();
  server.closeAllConnections();
  server.close();
});

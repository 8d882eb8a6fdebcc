// Large requests through the process: taken whole, several at once, in memory that is bounded whatever is sent.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requirement } from '../../requirements.ts';
import { type Running, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { type Batch, bodyOf, closeConnections, get, headersOf, isSuccess, KEY, post } from './firehose-client.ts';

const STREAM = 'arn:aws:kinesis:us-east-1:123456789012:stream/flows';
/** What a buffer of 64 MiB holds of records of the largest size. */
const RECORDS = Math.floor((64 * 1024 * 1024) / 1_024_000);

const hasProc = requirement('/proc', existsSync('/proc/self/status'), 'reads how much memory the endpoint takes');

let directory: string;
let stream: Server;
let endpoint: Running;
let url: string;
let taken = 0; // records
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-firehose-'));
  await writeFile(join(directory, 'keys'), KEY, { mode: 0o600 });
  // A stream that takes everything at once: the local Kinesis needs longer than Firehose waits.
  stream = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = Buffer.concat(chunks);
    let count = 0;
    for (let p = call.indexOf('"PartitionKey"'); p >= 0; p = call.indexOf('"PartitionKey"', p + 1)) count++;
    taken += count;
    const Records = Array.from({ length: count }, () => ({ SequenceNumber: '1', ShardId: 'shardId-000000000000' }));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ FailedRecordCount: 0, Records }));
  });
  await new Promise<void>((resolve) => {
    stream.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a TCP port has an address of this shape.
  const { port } = stream.address() as AddressInfo;
  endpoint = startVpcflow(
    ['firehose', '--stream', STREAM, '--port', '0', '--drain', '0s', '--access-key-file', join(directory, 'keys')],
    {
      AWS_ENDPOINT_URL_KINESIS: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
  );
  url = await until('the endpoint listens', () => /(http:\S+)\/firehose puts on/.exec(endpoint.stderr())?.[1]);
});
afterAll(async () => {
  closeConnections();
  endpoint.process.kill('SIGTERM');
  await endpoint.ended;
  stream.closeAllConnections();
  stream.close();
  await rm(directory, { recursive: true });
});

/** The most memory that the process has had, MiB. */
const peak = async (): Promise<number> => {
  const status = await readFile(`/proc/${endpoint.process.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
};

const batch = (requestId: string): Batch => ({
  requestId,
  records: Array.from({ length: RECORDS }, (_, i) => Buffer.alloc(1_024_000, i)),
});

test.skipIf(!hasProc)('the largest requests that Firehose sends', async () => {
  const before = await peak();
  const one = batch('one');
  const body = bodyOf(one);
  expect(isSuccess(one, await post(url, headersOf(one), body))).toBe(true);
  expect(taken).toBe(RECORDS);
  const after = await peak();
  const statuses: number[] = [];
  let longest = 0; // ms that somebody who asks for its health has to wait
  const asking = new AbortController();
  const asked = (async () => {
    while (!asking.signal.aborted) {
      const began = performance.now();
      expect(await get(url, '/healthz')).toMatchObject({ status: 200 });
      longest = Math.max(longest, performance.now() - began);
      await delay(20);
    }
  })();
  await Promise.all(
    Array.from({ length: 4 }, async () => statuses.push((await post(url, headersOf(one), body)).status)),
  );
  expect(new Set([...statuses, 200, 503])).toEqual(new Set([200, 503])); // some are told to come again
  expect(taken).toBe(RECORDS * (1 + statuses.filter((status) => status === 200).length));
  asking.abort();
  await asked;
  const crowded = await peak();
  console.info(
    `memory, MiB: ${before | 0} idle, ${after | 0} after one request of ${body.length} bytes, ${crowded | 0} after four at once (${statuses}); its health was told within ${longest | 0} ms`,
  );
  expect(after).toBeLessThanOrEqual(600);
  expect(crowded).toBeLessThanOrEqual(1000);
  expect(longest).toBeLessThan(10_000); // a balancer gives up no sooner
});

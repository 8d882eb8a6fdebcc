// `vpcflow firehose` and a client that delivers as Firehose does: lost answers, duplicates, a stream that refuses, a killed
// endpoint; what `vpcflow digest` then makes of the stream is what was delivered, each line once.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identifyStream } from '../../../consumers/shared/kinesis.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { watermarkKey } from '../../../pipeline/keys.ts';
import { random } from '../../faults/world.ts';
import { runVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { EndpointBed } from './endpoint-bed.ts';
import { type Answer, type Batch, bodyOf, deliver, headersOf, isSuccess, KEY, post } from './firehose-client.ts';

let bed: EndpointBed;
beforeAll(async () => {
  bed = await EndpointBed.make();
});
afterAll(() => bed.end());

const SECOND = Math.floor(Date.now() / 1000) - 600;
const FORMAT = '${interface-id} ${bytes} ${start} ${srcaddr} ${dstaddr} ${end}';

interface Expected {
  /** By source address, which is that of one line. */
  readonly bytes: Map<string, number>;
}

/** Batches whose every line is told from all others by its address and bytes: bare, messages, envelopes, a declared format. */
const makeBatches = (count: number): { readonly batches: readonly Batch[]; readonly expected: Expected } => {
  const bytes = new Map<string, number>();
  let lines = 0;
  const line = (declared: boolean): string => {
    lines += 1;
    const host = `10.1.${lines >> 8}.${lines & 255}`;
    bytes.set(host, lines);
    return declared
      ? `eni-0b ${lines} ${SECOND} ${host} 10.2.0.1 ${SECOND + 59}`
      : `2 123456789012 eni-0a ${host} 10.2.0.1 40000 443 6 2 ${lines} ${SECOND} ${SECOND + 59} ACCEPT OK`;
  };
  const batches = Array.from({ length: count }, (_, i): Batch => {
    const declared = i % 4 === 3;
    const records = Array.from({ length: 6 }, (_, j) => {
      if (j === 5) return Buffer.alloc(0);
      if (j % 3 === 0) return Buffer.from(JSON.stringify({ message: line(declared) }));
      if (j % 3 === 1) return gzipSync(`${line(declared)}\n${line(declared)}\n`);
      const messages = [line(declared), line(declared), line(declared)];
      return gzipSync(
        JSON.stringify({
          ...{ messageType: 'DATA_MESSAGE', owner: '123456789012', logGroup: 'flows', logStream: 'eni-0a-all' },
          logEvents: messages.map((message, k) => ({ id: `${i}-${j}-${k}`, timestamp: SECOND * 1000, message })),
        }),
      );
    });
    return {
      requestId: `3d0ef2a4-0000-4000-8000-${String(i).padStart(12, '0')}`,
      records,
      gzip: i % 2 === 0,
      ...(declared ? { format: FORMAT } : {}),
    };
  });
  return { batches, expected: { bytes } };
};

const jitter = random(5);

/** Again, with the same request id, until an answer is a success; what was answered on the way. */
const deliverAsFirehose = async (url: string, batch: Batch): Promise<readonly number[]> => {
  const statuses: number[] = [];
  for (let wait = 20; ; wait = Math.min(500, 2 * wait)) {
    const answer: Answer | null = await deliver(url, batch).catch(() => null);
    statuses.push(answer?.status ?? 0);
    if (answer !== null && isSuccess(batch, answer)) return statuses;
    if (statuses.length > 200) throw new Error(`not taken: ${statuses}; ${answer?.body}`);
    await delay(wait * (1 + jitter() * 0.15)); // Firehose's own back-off, sped up
  }
};

/** Sends everything, and hangs up before the answer can be read. */
const deliverAndLeave = async (url: string, batch: Batch): Promise<void> => {
  const plain = { ...batch, gzip: false };
  const body = bodyOf(plain);
  const sent = post(url, { ...headersOf(plain), 'Content-Length': String(body.length) }, (outgoing) => {
    outgoing.end(body, () => setImmediate(() => outgoing.destroy()));
  });
  await sent.catch(() => {});
};

/** What the digests of the stream hold, by source address; and the audit. */
const digested = async (stream: string) => {
  const store = join(bed.directory, stream);
  const { id } = await identifyStream(bed.client, stream);
  const objects = new DirectoryStore(store);
  const digest = bed.start(['digest', '--stream', stream, '--store', store], false);
  for (const shard of ['shardId-000000000000', 'shardId-000000000001']) {
    await until(`${shard} is read`, async () => (await objects.get(watermarkKey(id, shard))) !== null);
  }
  digest.process.kill('SIGTERM');
  const { status, stderr } = await digest.ended;
  expect(status, stderr).toBe(0);
  const window = ['--start', new Date(SECOND * 1000 - 60_000).toISOString(), '--stop', 'now'];
  const rows = await runVpcflow(['rows', '--store', store, ...window, '--group', 'srcaddr', '--format', 'ndjson']);
  const audit = await runVpcflow(['audit', '--store', store, '--format', 'json']);
  const bytes = new Map<string, number>();
  for (const row of rows.stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))) {
    expect(row.flows).toBe(1);
    bytes.set(row.srcaddr, row.bytes);
  }
  return { bytes, audit: JSON.parse(audit.stdout) };
};

test('what Firehose was told is there is there once, whatever went wrong', { timeout: 180_000 }, async () => {
  await bed.stream('rough');
  const { faulty } = bed;
  const { batches, expected } = makeBatches(24);
  let endpoint = await bed.endpoint('rough');
  const { url } = endpoint;
  const [hung, ...rest] = batches;
  faulty.faults.push('hang');
  const slow = deliverAsFirehose(url, hung!); // ten seconds in a call without an answer, beside all that follows
  await until('the first call has come', () => faulty.calls() === 1);

  // The stream takes some, none, fails, loses its answers, while several requests come at once.
  faulty.faults.push(
    null,
    'partial',
    'partial',
    'error',
    'lost',
    'refused',
    null,
    'partial',
    'lost',
    'error',
    'refused',
  );
  const some = await Promise.all(rest.slice(0, 8).map((batch) => deliverAsFirehose(url, batch)));
  expect(some.flat()).toContain(200);

  // Clients that leave: before the answer, and then come again; and that deliver what was taken already.
  await Promise.all(rest.slice(8, 12).map((batch) => deliverAndLeave(url, batch)));
  await Promise.all(rest.slice(8, 12).map((batch) => deliverAsFirehose(url, batch)));
  await Promise.all([...rest.slice(0, 4), ...rest.slice(0, 4)].map((batch) => deliverAsFirehose(url, batch)));
  expect(await slow).toEqual([200]);

  // The endpoint dies in the middle: some of a request is taken, and nobody was told.
  faulty.faults.push('partial');
  faulty.otherwise = 'refused';
  const before = faulty.taken().length;
  const interrupted = rest.slice(12, 15).map((batch) => deliverAsFirehose(url, batch));
  await until('some of it is taken', () => faulty.taken().length > before);
  endpoint.process.kill('SIGKILL');
  await endpoint.ended;
  faulty.otherwise = null;
  endpoint = await bed.endpoint('rough', new URL(url).port);
  const statuses = (await Promise.all(interrupted)).flat();
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses).toContain(0);
  for (const batch of rest.slice(15)) expect(await deliverAsFirehose(url, batch)).toEqual([200]);

  endpoint.process.kill('SIGTERM');
  const { status, stderr } = await endpoint.ended;
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/"msg":"66 records taken, [\d,]+ bytes in 11 requests; \d+ put again"}\n$/);
  expect(stderr).not.toContain(KEY);

  const taken = faulty.taken();
  const unique = new Set(taken);
  expect(unique.size).toBe(24 * 6);
  expect(taken.length).toBeGreaterThan(unique.size); // or nothing was shown
  const { bytes, audit } = await digested('rough');
  expect(bytes).toEqual(expected.bytes);
  expect(audit).toMatchObject({
    ...{ ok: true, records: taken.length, duplicates: taken.length - unique.size },
    ...{ lines: expected.bytes.size, flows: expected.bytes.size, rejects: { total: 0 } },
  });
});

// `vpcflow firehose` and a client that delivers as Firehose does: lost answers, duplicates, a stream that refuses, a killed
// endpoint; what `vpcflow digest` then makes of the stream is what was delivered, each line once.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { type LocalKinesis, localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { identifyStream } from '../../../consumers/shared/kinesis.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { watermarkKey } from '../../../pipeline/keys.ts';
import { type Running, runVpcflow, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { type FaultyKinesis, startFaultyKinesis } from './faulty-kinesis.ts';
import {
  type Answer,
  type Batch,
  bodyOf,
  closeConnections,
  deliver,
  get,
  headersOf,
  isSuccess,
  KEY,
  post,
} from './firehose-client.ts';

let directory: string;
let kinesis: LocalKinesis;
let client: KinesisClient;
let faulty: FaultyKinesis;
const running = new Set<Running>();
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-firehose-'));
  kinesis = await startLocalKinesis(null);
  client = localClient(kinesis);
  faulty = await startFaultyKinesis(kinesis.place.endpoint);
  await writeFile(join(directory, 'keys'), `# the key of the test\n${KEY}\n`, { mode: 0o600 });
});
afterAll(async () => {
  closeConnections();
  for (const one of running) one.process.kill('SIGKILL');
  await Promise.all([...running].map(({ ended }) => ended));
  await faulty.stop();
  client.destroy();
  await kinesis.stop();
  await rm(directory, { recursive: true });
});

const environment = (endpoint: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL_KINESIS: endpoint,
  AWS_REGION: kinesis.place.region,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

const startEndpoint = async (stream: string, port = '0', ...more: readonly string[]) => {
  const keys = ['--access-key-file', join(directory, 'keys')];
  const args = ['firehose', '--stream', stream, '--port', port, ...keys, '--drain', '0s', ...more];
  const started = startVpcflow(args, environment(faulty.endpoint));
  running.add(started);
  void started.ended.then(() => running.delete(started));
  const url = await until('the endpoint listens', () => /(http:\S+)\/firehose puts on/.exec(started.stderr())?.[1]);
  return { ...started, url };
};

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

/** Again, with the same request id, until an answer is a success; what was answered on the way. */
const deliverAsFirehose = async (url: string, batch: Batch): Promise<readonly number[]> => {
  const statuses: number[] = [];
  for (let wait = 20; ; wait = Math.min(500, 2 * wait)) {
    const answer: Answer | null = await deliver(url, batch).catch(() => null);
    statuses.push(answer?.status ?? 0);
    if (answer !== null && isSuccess(batch, answer)) return statuses;
    if (statuses.length > 200) throw new Error(`not taken: ${statuses}; ${answer?.body}`);
    await delay(wait * (1 + Math.random() * 0.15)); // Firehose's own back-off, sped up
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
  const store = join(directory, stream);
  const local = environment(kinesis.place.endpoint);
  const { id } = await identifyStream(client, stream);
  const objects = new DirectoryStore(store);
  const digest = startVpcflow(['digest', '--stream', stream, '--store', store], local);
  running.add(digest);
  for (const shard of ['shardId-000000000000', 'shardId-000000000001']) {
    await until(`${shard} is read`, async () => (await objects.get(watermarkKey(id, shard))) !== null);
  }
  digest.process.kill('SIGTERM');
  const { status, stderr } = await digest.ended;
  running.delete(digest);
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
  await ensureStream(client, 'rough', 2, systemClock);
  const { batches, expected } = makeBatches(24);
  let endpoint = await startEndpoint('rough');
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
  endpoint = await startEndpoint('rough', new URL(url).port);
  const statuses = (await Promise.all(interrupted)).flat();
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses).toContain(0);
  for (const batch of rest.slice(15)) expect(await deliverAsFirehose(url, batch)).toEqual([200]);

  endpoint.process.kill('SIGTERM');
  const { status, stderr } = await endpoint.ended;
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/"msg":"66 records taken, \d+ bytes in 11 requests; \d+ put again"}\n$/);
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

test('a stream that takes nothing, and keys that are rotated, through the process', { timeout: 60_000 }, async () => {
  await ensureStream(client, 'calm', 2, systemClock);
  const keys = join(directory, 'rotated');
  await writeFile(keys, KEY, { mode: 0o600 });
  const endpoint = await startEndpoint('calm', '0', '--access-key-file', keys, '--metrics-port', '0');
  const { url } = endpoint;
  const [batch] = makeBatches(1).batches;
  expect(await get(url, '/readyz')).toMatchObject({ status: 200 });
  expect(isSuccess(batch!, await deliver(url, batch!))).toBe(true);
  expect(await deliver(url, batch!, 'second-key')).toMatchObject({ status: 401 });
  await writeFile(keys, 'second-key\n', { mode: 0o600 });
  endpoint.process.kill('SIGHUP');
  await until('the keys are read again', () => endpoint.stderr().includes('read again'));
  expect(await deliver(url, batch!, 'second-key')).toMatchObject({ status: 200 });
  expect(await deliver(url, batch!)).toMatchObject({ status: 401 });

  // Nothing listens where the stream was.
  await faulty.stop();
  expect(await deliver(url, { ...batch!, requestId: 'later' }, 'second-key')).toMatchObject({ status: 503 });
  expect(await get(url, '/readyz')).toMatchObject({ status: 503 });
  expect(await get(url, '/healthz')).toMatchObject({ status: 200 });

  const metrics = await until('metrics are served', () => /metrics at (\S+?)"/.exec(endpoint.stderr())?.[1]);
  const told = await (await fetch(`${metrics}/metrics`)).text();
  expect(told).toContain('vpcflow_firehose_requests_total{status="200"} 2');
  expect(told).toContain('vpcflow_firehose_requests_total{status="401"} 2');
  expect(told).toContain('vpcflow_firehose_requests_total{status="503"} 1');
  expect(told).toContain('vpcflow_firehose_records_total 12');
  expect((await fetch(`${metrics}/healthz`)).status).toBe(200);
  endpoint.process.kill('SIGTERM');
  if (endpoint.process.exitCode === null) await once(endpoint.process, 'exit');
  const { status, stderr } = await endpoint.ended;
  expect(status, stderr).toBe(0);
  for (const key of [KEY, 'second-key']) expect(stderr).not.toContain(key);
});

test('what others can reach needs a key; what is missing is said before anything starts', async () => {
  const open = await runVpcflow(['firehose', '--stream', 'flows', '--host', '0.0.0.0']);
  expect(open.status).toBe(1);
  expect(open.stderr).toContain('VF_BIND_REFUSED');
  expect(open.stderr).toContain('--access-key-file');
  const none = await runVpcflow(['firehose', '--stream', 'flows', '--access-key-file', join(directory, 'nothing')]);
  expect(none.status).toBe(2);
  expect(none.stderr).toMatch(/cannot be read: ENOENT.*VF_USAGE/);
  const absent = await runVpcflow(['firehose', '--stream', 'absent'], environment(kinesis.place.endpoint));
  expect([absent.status, absent.stderr]).toEqual([1, expect.stringContaining('there is no stream absent')]);
});

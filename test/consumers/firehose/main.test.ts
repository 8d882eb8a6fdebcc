// `vpcflow firehose` as a person runs it: keys that are rotated, a stream that is gone, metrics, and what it refuses to do.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteStreamCommand, DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { EndpointBed } from './endpoint-bed.ts';
import { type Batch, deliver, get, isSuccess, KEY } from './firehose-client.ts';

let bed: EndpointBed;
beforeAll(async () => {
  bed = await EndpointBed.make();
});
afterAll(() => bed.end());

test('SIGTERM: not ready at once, and of use until the drain is over', { timeout: 60_000 }, async () => {
  await bed.stream('drained');
  const endpoint = await bed.endpoint('drained', '0', '--drain', '3s');
  const batch: Batch = { requestId: 'last', records: [Buffer.from('one')] };
  expect(await get(endpoint.url, '/readyz')).toMatchObject({ status: 200 });
  endpoint.process.kill('SIGTERM');
  await until('it drains', async () => (await get(endpoint.url, '/readyz')).status === 503);
  const answer = await deliver(endpoint.url, batch);
  expect([isSuccess(batch, answer), answer.headers.connection]).toEqual([true, 'close']);
  const { status, stderr } = await endpoint.ended;
  expect(status, stderr).toBe(0);
  expect(stderr).toContain('1 record taken, 3 bytes in 1 request; 0 put again');
  expect(stderr).toContain('not ready any more; requests are taken for 3 s');
});

test('a stream that takes nothing, and keys that are rotated, through the process', { timeout: 60_000 }, async () => {
  await bed.stream('calm');
  const keys = join(bed.directory, 'rotated');
  await writeFile(keys, KEY, { mode: 0o600 });
  const endpoint = await bed.endpoint('calm', '0', '--access-key-file', keys, '--metrics-port', '0');
  const { url } = endpoint;
  const batch: Batch = { requestId: 'first', records: ['one', 'two', ''].map((text) => Buffer.from(text)) };
  expect(await get(url, '/readyz')).toMatchObject({ status: 200 });
  expect(isSuccess(batch, await deliver(url, batch))).toBe(true);
  expect(await deliver(url, batch, 'second-key')).toMatchObject({ status: 401 });
  await writeFile(keys, 'second-key\n', { mode: 0o600 });
  endpoint.process.kill('SIGHUP');
  await until('the keys are read again', () => endpoint.stderr().includes('read again'));
  expect(await deliver(url, batch, 'second-key')).toMatchObject({ status: 200 });
  expect(await deliver(url, batch)).toMatchObject({ status: 401 });

  // The stream is deleted; then nothing listens where it was.
  await bed.client.send(new DeleteStreamCommand({ StreamName: 'calm' }));
  const summary = new DescribeStreamSummaryCommand({ StreamName: 'calm' });
  await until('the stream is gone', () =>
    bed.client.send(summary).then(
      () => false,
      () => true,
    ),
  );
  const gone = await deliver(url, { ...batch, requestId: 'late' }, 'second-key');
  expect([gone.status, JSON.parse(gone.body)]).toEqual([
    503,
    { requestId: 'late', timestamp: expect.any(Number), errorMessage: expect.stringMatching(/^the stream cannot be/) },
  ]);
  expect(endpoint.stderr()).toContain('ResourceNotFound');
  await bed.faulty.stop();
  const nowhere = await deliver(url, { ...batch, requestId: 'later' }, 'second-key');
  expect([nowhere.status, nowhere.body]).toEqual([503, expect.not.stringContaining('127.0.0.1')]);
  expect(endpoint.stderr()).toContain('ECONNREFUSED');
  expect(await get(url, '/readyz')).toMatchObject({ status: 503 });
  expect(await get(url, '/healthz')).toMatchObject({ status: 200 });

  const metrics = await until('metrics are served', () => /metrics at (\S+?)"/.exec(endpoint.stderr())?.[1]);
  const told = await (await fetch(`${metrics}/metrics`)).text();
  expect(told).toContain('vpcflow_firehose_requests_total{status="200"} 2');
  expect(told).toContain('vpcflow_firehose_requests_total{status="401"} 2');
  expect(told).toContain('vpcflow_firehose_requests_total{status="503"} 2');
  expect(told).toContain('vpcflow_firehose_records_total 6');
  expect((await fetch(`${metrics}/healthz`)).status).toBe(200);
  endpoint.process.kill('SIGTERM');
  const { status, stderr } = await endpoint.ended;
  expect(status, stderr).toBe(0);
  expect(stderr).toContain('not ready any more; no more requests are taken');
  for (const key of [KEY, 'second-key']) expect(stderr).not.toContain(key);
});

test('what others can reach needs a key; what is missing is said before anything starts', async () => {
  const open = await runVpcflow(['firehose', '--stream', 'flows', '--host', '0.0.0.0']);
  expect(open.status).toBe(1);
  expect(open.stderr).toContain('VF_BIND_REFUSED');
  expect(open.stderr).toContain('--access-key-file');
  const none = await runVpcflow(['firehose', '--stream', 'flows', '--access-key-file', join(bed.directory, 'nothing')]);
  expect(none.status).toBe(1);
  expect(none.stderr).toMatch(/cannot be read: ENOENT.*VF_SOURCE_UNREADABLE/);
  const absent = await runVpcflow(['firehose', '--stream', 'absent'], bed.environment(false));
  expect([absent.status, absent.stderr]).toEqual([1, expect.stringContaining('there is no stream absent')]);
});

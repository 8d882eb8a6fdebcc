// `vpcflow simulate` as a person runs it: the same seed and start give the same file; a stream gets it through the real API.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../consumers/shared/clock.ts';
import { localClient, startLocalKinesis } from '../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../consumers/shared/embedded/local-stream.ts';
import { runVpcflow } from '../run-vpcflow.ts';
import { ROOT } from '../source-files.ts';

const run = promisify(execFile);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-simulate-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const simulate = (args: readonly string[], environment: Record<string, string> = {}) =>
  run(process.execPath, [join(ROOT, 'consumers/vpcflow.ts'), 'simulate', ...args], {
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, ...environment },
  });

const SPAN = ['--seed', '7', '--start', '2026-11-20T14:00:00Z', '--duration', '90s'];

test('a file of version 2 lines, the same each time, to standard output too', async () => {
  const out = join(directory, 'flows.log');
  await simulate([...SPAN, '--out', out]);
  const file = await readFile(out);
  const { stdout } = await simulate(SPAN);
  expect(stdout.equals(file)).toBe(true);
  const [header, ...lines] = file.toString().trimEnd().split('\n');
  expect(header).toBe(
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
  );
  expect(lines.length).toBeGreaterThan(90 * 200);
  expect(
    lines.filter((line) => !/^2 123456789012 eni-[0-9a-f]{17} (\S+ ){10}(OK|NODATA|SKIPDATA)$/.test(line)),
  ).toEqual([]);
  const other = await simulate([...SPAN.slice(2), '--seed', '8']);
  expect(other.stdout.equals(file)).toBe(false);
});

test('a file of CloudWatch envelopes, gzip members back to back', async () => {
  const { stdout } = await simulate([...SPAN, '--format', 'envelopes', '--rate', '50']);
  const text = gunzipSync(stdout).toString();
  expect(text.startsWith('{"messageType":"CONTROL_MESSAGE"')).toBe(true);
  expect(text.split('}{"messageType":"DATA_MESSAGE"').length).toBeGreaterThan(20);
  expect((await simulate([...SPAN, '--format', 'envelopes', '--rate', '50'])).stdout.equals(stdout)).toBe(true);
});

test('a file of events, a line each, the same each time', async () => {
  const story = ['--format', 'events', '--start', '2026-11-20T14:00:00Z', '--duration', '12m'];
  const { stdout } = await simulate(story);
  const events = stdout.toString().trimEnd().split('\n');
  // What EventBridge sends: an envelope with a detail.
  const told = events.map((line) => JSON.parse(line) as { readonly time: string; readonly detail: object });
  expect(told.length).toBeGreaterThan(10);
  expect(told[0]).toMatchObject({ 'detail-type': 'GuardDuty Finding', time: '2026-11-20T14:01:15Z' });
  expect(told[0]?.detail).toMatchObject({ type: 'UnauthorizedAccess:EC2/SSHBruteForce' });
  expect((await simulate(story)).stdout.equals(stdout)).toBe(true);
});

test('a place that cannot be written to is one sentence', async () => {
  const failure = simulate([...SPAN, '--out', join(directory, 'missing', 'flows.log')]);
  await expect(failure).rejects.toMatchObject({ code: 1 });
  await failure.catch((error: { readonly stderr: Buffer }) => {
    expect(error.stderr.toString()).toMatch(/^vpcflow: .*flows\.log cannot be written: ENOENT[^\n]*\n$/);
  });
});

test('a stream gets the envelopes through the Kinesis API', async () => {
  const kinesis = await startLocalKinesis(null);
  const client = localClient(kinesis);
  try {
    await ensureStream(client, 'flows', 1, systemClock);
    const { stderr } = await simulate(['--to', 'stream', '--stream', 'flows', '--duration', '2s', '--rate', '200'], {
      AWS_ENDPOINT_URL_KINESIS: kinesis.place.endpoint,
      AWS_REGION: kinesis.place.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    const [how = '', formats = '', put = ''] = stderr.toString().split('\n');
    expect(how).toContain('vpcflow digest --stream flows --formats FILE');
    const [, lines, records] = /^(\d+) lines in (\d+) records put to flows$/.exec(put) ?? [];
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({
        StreamName: 'flows',
        ShardId: 'shardId-000000000000',
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    );
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }));
    expect(Records.length).toBe(Number(records));
    const texts = Records.map(({ Data }) => gunzipSync(Data!).toString());
    const sum = texts.reduce((count, text) => count + text.split('"message":"5 ').length - 1, 0);
    expect(sum).toBe(Number(lines));
    expect(sum).toBeGreaterThan(200);
    // What it says is all that a decoder needs: no line is rejected.
    const file = join(directory, 'formats.json');
    const envelopes = join(directory, 'envelopes');
    await writeFile(file, formats);
    await writeFile(envelopes, Buffer.concat(Records.map(({ Data }) => Data!)));
    const store = ['--store', join(directory, 'store')];
    await runVpcflow(['backfill', ...store, '--formats', file, envelopes]);
    const audit = await runVpcflow(['audit', ...store, '--format', 'json']);
    expect(JSON.parse(audit.stdout)).toMatchObject({ lines: sum, rejects: { total: 0 } });
  } finally {
    client.destroy();
    await kinesis.stop();
  }
});

test('a stream that is not there is one sentence', async () => {
  const failure = simulate(['--to', 'stream', '--stream', 'flows'], {
    AWS_ENDPOINT_URL_KINESIS: 'http://127.0.0.1:9',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  await expect(failure).rejects.toMatchObject({ code: 1 });
});

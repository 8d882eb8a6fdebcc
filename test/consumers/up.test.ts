// `vpcflow up` as a person runs it: a first digest within minutes, Ctrl-C, a second start, kill -9, and every total still true.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identifyStream, kinesisClient } from '../../consumers/shared/kinesis.ts';
import { listShards } from '../../consumers/shared/shard-list.ts';
import { type Running, runVpcflow, startVpcflow } from '../run-vpcflow.ts';
import { until } from '../until.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vpcflow-up-'));
});
const running: Running[] = [];
afterAll(async () => {
  for (const { process } of running) process.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  await rm(root, { recursive: true, maxRetries: 5, retryDelay: 200 });
});

const start = (data: string, ...options: readonly string[]): Running => {
  const started = startVpcflow(['up', '--data', data, '--port', '0', ...options]);
  running.push(started);
  return started;
};

/** What `up` printed about itself once it is up. */
const addresses = async (up: Running): Promise<{ readonly url: string; readonly endpoint: string }> => {
  let over = false;
  void up.ended.then(() => {
    over = true;
  });
  await until('it says where it is', () => over || up.stderr().includes('within 70 seconds'));
  const [, url = ''] = /questions\s+(http:\S+)/.exec(up.stderr()) ?? [];
  const [, endpoint = ''] = /local Kinesis\s+(http:\S+)/.exec(up.stderr()) ?? [];
  expect([url, endpoint], up.stderr()).not.toContain('');
  return { url, endpoint };
};

interface Audit {
  readonly ok: boolean;
  readonly records: number;
  readonly lines: number;
  readonly flows: number;
  readonly bytes: number;
  readonly gaps: readonly unknown[];
  readonly rejects: { readonly total: number };
}

const audit = async (data: string): Promise<Audit> => {
  const { stdout, stderr } = await runVpcflow(['audit', '--store', data, '--format', 'json']);
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout);
};

/** Every commit of a store, by file name. */
const commits = async (data: string): Promise<Map<string, string>> => {
  const folder = join(data, 'commits');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json'));
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
};

/** How many records the local Kinesis holds. */
const recordsOn = async (endpoint: string): Promise<number> => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = kinesisClient({ endpoint, region: 'us-east-1', credentials });
  try {
    const stream = await identifyStream(client, 'vpcflow');
    let records = 0;
    for (const { shard } of await listShards(client, stream)) {
      const position = { StreamARN: stream.arn, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' as const };
      const { ShardIterator } = await client.send(new GetShardIteratorCommand(position));
      records += (await client.send(new GetRecordsCommand({ ShardIterator }))).Records?.length ?? 0;
    }
    return records;
  } finally {
    client.destroy();
  }
};

const isReachable = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

describe('one directory through its life', { timeout: 300_000 }, () => {
  let data: string;
  let before: { readonly audit: Audit; readonly commits: Map<string, string> };
  beforeAll(() => {
    data = join(root, 'life');
  });

  test('the first digest comes, questions are answered, and Ctrl-C commits the rest', async () => {
    const up = start(data);
    const { url, endpoint } = await addresses(up);
    await until('the first digest is there', () => up.stderr().includes('the first digest is there'), 150);
    const ask = () => fetch(`${url}/v1/rows?start=now-15m&stop=now&group=action&format=json`);
    await until(
      'every shard has a watermark',
      async () => (await ask()).headers.get('x-vpcflow-watermark') !== 'none',
      30,
    );
    const answer = await ask();
    expect(answer.status).toBe(200);
    // The shape of GET /v1/rows?format=json.
    const { rows } = (await answer.json()) as { readonly rows: readonly { readonly action: string }[] };
    expect(rows.map((row) => row.action)).toContain('ACCEPT');

    const second = await runVpcflow(['up', '--data', data, '--port', '0']);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/^vpcflow: process \d+ runs on [^\n]*\(VF_IN_USE\)\n$/);

    const early = await commits(data);
    // A commit's counts, as they lie in `commits/…/<source>.json`.
    const recordsOf = (text: string): number => (JSON.parse(text) as { counts: { records: number } }).counts.records;
    const committed = [...early.values()].reduce((sum, text) => sum + recordsOf(text), 0);
    await until('something has come that is not committed', async () => (await recordsOn(endpoint)) > committed, 90);
    up.process.kill('SIGINT');
    expect((await up.ended).status).toBe(0);
    expect(up.stderr()).not.toMatch(/Warning|WARN/);
    before = { audit: await audit(data), commits: await commits(data) };
    expect(before.audit).toMatchObject({ ok: true, gaps: [], rejects: { total: 0 } });
    expect(before.audit.flows).toBeGreaterThan(0);
    expect(before.audit.records).toBeGreaterThan(committed);
    expect(before.commits.size).toBeGreaterThan(early.size);
  });

  test('a second start goes on; after kill -9 nothing committed has changed', async () => {
    const up = start(data);
    const { url, endpoint } = await addresses(up);
    expect(up.stderr()).not.toContain('cut off');
    await until('records are on the stream', async () => (await recordsOn(endpoint)) >= 5);
    up.process.kill('SIGKILL');
    await up.ended;
    await until('the local Kinesis is gone too', async () => !(await isReachable(endpoint)));
    expect(await isReachable(url)).toBe(false);
    const after = await commits(data);
    for (const [name, text] of before.commits) expect(after.get(name), name).toBe(text);
    expect((await audit(data)).ok).toBe(true);
    before = { audit: await audit(data), commits: after };
  });

  test('the start after it says what may be lost, goes on, and the audit is still right', async () => {
    const up = start(data);
    const { endpoint } = await addresses(up);
    expect(up.stderr()).toContain('the last run was cut off about');
    await until('records are on the stream', async () => (await recordsOn(endpoint)) >= 5);
    up.process.kill('SIGTERM');
    expect((await up.ended).status).toBe(0);
    const after = await commits(data);
    for (const [name, text] of before.commits) expect(after.get(name), name).toBe(text);
    const last = await audit(data);
    expect(last).toMatchObject({ ok: true, gaps: [], rejects: { total: 0 } });
    expect(last.flows).toBeGreaterThan(before.audit.flows);
  });
});

test('a port that is taken is one sentence, and nothing is left behind', async () => {
  const server: Server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const data = join(root, 'busy');
  const { status, stderr } = await runVpcflow(['up', '--data', data, '--port', String(port)]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^vpcflow: port \d+ of 127\.0\.0\.1 is taken[^\n]*\(VF_PORT_IN_USE\)\n$/);
  await new Promise((done) => server.close(done));
});

test('without traffic it tells how to put some on, and Ctrl-C at once is no failure', async () => {
  const up = start(join(root, 'quiet'), '--traffic', 'none');
  await addresses(up);
  expect(up.stderr()).toContain('simulate --to stream --stream vpcflow');
  up.process.kill('SIGINT');
  expect((await up.ended).status).toBe(0);
});

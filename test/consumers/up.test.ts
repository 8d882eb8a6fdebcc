// `vpcflow up` as a person runs it: a first digest within minutes, a planned session, Ctrl-C, a second start, kill -9, and
// every total still true.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../consumers/shared/clock.ts';
import { EVENTS, FLOWS } from '../../consumers/shared/embedded/local-engine.ts';
import { identifyStream, kinesisClient } from '../../consumers/shared/kinesis.ts';
import { putRecords } from '../../consumers/shared/kinesis-writer.ts';
import { listShards } from '../../consumers/shared/shard-list.ts';
import { eventsOf } from '../../pipeline/simulation/findings.ts';
import { type Life, runHere, startHere } from '../run-here.ts';
import { type Running, startVpcflow } from '../run-vpcflow.ts';
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
const addresses = async (
  up: Pick<Life, 'stderr' | 'ended'>,
): Promise<{ readonly url: string; readonly endpoint: string }> => {
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
  const { stdout, stderr } = await runHere(['audit', '--store', data, '--format', 'json']);
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

const clientOf = (endpoint: string): KinesisClient =>
  kinesisClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });

/** Resolves once the local Kinesis holds, or has held, more flow-log records than that. Each is read once. */
const untilRecords = async (what: string, endpoint: string, more: number): Promise<void> => {
  const client = clientOf(endpoint);
  try {
    const stream = await identifyStream(client, FLOWS.name);
    const iterators = new Map<string, string | undefined>();
    for (const { shard } of await listShards(client, stream)) {
      const position = { StreamARN: stream.arn, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' as const };
      iterators.set(shard, (await client.send(new GetShardIteratorCommand(position))).ShardIterator);
    }
    let records = 0;
    await until(
      what,
      async () => {
        for (const [shard, ShardIterator] of iterators) {
          const read = await client.send(new GetRecordsCommand({ ShardIterator }));
          iterators.set(shard, read.NextShardIterator);
          records += read.Records?.length ?? 0;
        }
        return records > more;
      },
      90,
    );
  } finally {
    client.destroy();
  }
};

/** When, in seconds of the story, GuardDuty first sends the finding of the brute force. */
const FIRST_FINDING = 75;

/** Puts the first finding of a story on the events stream, as EventBridge would. */
const tell = async (endpoint: string, anchor: number): Promise<void> => {
  const client = clientOf(endpoint);
  try {
    const stream = await identifyStream(client, EVENTS.name);
    await putRecords(client, stream, eventsOf(anchor + FIRST_FINDING, anchor), systemClock);
  } finally {
    client.destroy();
  }
};

interface Session {
  readonly session_id: string;
  readonly finding_id: string;
  readonly finding_type: string;
  readonly mode: string;
  readonly state: string;
  readonly from: string;
  readonly expires: string;
}

/** What `vpcflow mirror sessions` says of the findings of SSH brute force. */
const sessionsOf = async (data: string): Promise<readonly Session[]> => {
  const { stdout, stderr } = await runHere(['mirror', 'sessions', '--store', data, '--format', 'json']);
  expect(stdout, stderr).not.toBe('');
  // The shape of `mirror sessions --format json`.
  const { sessions } = JSON.parse(stdout) as { readonly sessions: readonly Session[] };
  return sessions.filter((one) => one.finding_type.endsWith('SSHBruteForce'));
};

/** Whether anybody listens; nothing is asked, because a server that ends waits for whoever is still asking. */
const isReachable = (url: string): Promise<boolean> =>
  new Promise((done) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });

describe('one directory through its life', { timeout: 300_000 }, () => {
  let data: string;
  let anchor: number; // Unix seconds: the story has gone on for a minute before
  let before: { readonly audit: Audit; readonly commits: Map<string, string> };
  beforeAll(async () => {
    data = join(root, 'life');
    anchor = Math.floor(Date.now() / 1000) - 60;
    const story = join(data, '.vpcflow', 'simulation');
    await mkdir(story, { recursive: true });
    await writeFile(join(story, 'story.json'), JSON.stringify({ anchor }));
  });

  test('the first digest comes, questions are answered, and Ctrl-C commits the rest', async () => {
    const up = start(data);
    const { url, endpoint } = await addresses(up);
    await until('the finding of the story is planned for', () => up.stderr().includes('planned: mirror eni-'), 60);
    // The shape of GET /v1/mirroring/sessions.
    const ask = async () =>
      (await (await fetch(`${url}/v1/mirroring/sessions`)).json()) as { readonly sessions: readonly Session[] };
    const [session, ...others] = await until('HTTP tells of it', async () => {
      const { sessions } = await ask();
      return sessions.length > 0 && sessions;
    });
    expect(others).toEqual([]);
    expect(session).toMatchObject({ mode: 'plan', state: 'active' });
    expect(session?.finding_type).toBe('UnauthorizedAccess:EC2/SSHBruteForce');
    const event = (anchor + FIRST_FINDING) * 1000;
    expect(Date.parse(session?.expires ?? '')).toBe(event + 600_000);
    expect(Date.parse(session?.from ?? '') - event).toBeLessThan(10_000);
    expect(await sessionsOf(data)).toMatchObject([{ session_id: session?.session_id }]);
    await until('the first digest is there', () => up.stderr().includes('the first digest is there'), 150);
    const askRows = () => fetch(`${url}/v1/rows?start=now-15m&stop=now&group=action&format=json`);
    await until(
      'every shard has a watermark',
      async () => (await askRows()).headers.get('x-vpcflow-watermark') !== 'none',
      30,
    );
    const answer = await askRows();
    expect(answer.status).toBe(200);
    // The shape of GET /v1/rows?format=json.
    const { rows } = (await answer.json()) as { readonly rows: readonly { readonly action: string }[] };
    expect(rows.map((row) => row.action)).toContain('ACCEPT');

    const second = await runHere(['up', '--data', data, '--port', '0']);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/^vpcflow: process \d+ runs on [^\n]*\(VF_IN_USE\)\n$/);

    const early = await commits(data);
    // A commit's counts, as they lie in `commits/…/<source>.json`.
    const recordsOf = (text: string): number => (JSON.parse(text) as { counts: { records: number } }).counts.records;
    const committed = [...early.values()].reduce((sum, text) => sum + recordsOf(text), 0);
    await untilRecords('something has come that is not committed', endpoint, committed);
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
    await tell(endpoint, anchor); // once more, as a service that delivers at least once does
    await untilRecords('records are on the stream', endpoint, 2);
    up.process.kill('SIGKILL');
    await up.ended;
    await until('the local Kinesis is gone too', async () => !(await isReachable(endpoint)));
    expect(await isReachable(url)).toBe(false);
    const after = await commits(data);
    for (const [name, text] of before.commits) expect(after.get(name), name).toBe(text);
    before = { audit: await audit(data), commits: after };
    expect(before.audit.ok).toBe(true);
  });

  test('the start after it says what may be lost, goes on, and the audit is still right', async () => {
    const up = start(data);
    const { endpoint } = await addresses(up);
    expect(up.stderr()).toContain('the last run was cut off about');
    await tell(endpoint, anchor);
    await untilRecords('records are on the stream', endpoint, 2);
    up.process.kill('SIGTERM');
    expect((await up.ended).status).toBe(0);
    const after = await commits(data);
    for (const [name, text] of before.commits) expect(after.get(name), name).toBe(text);
    const last = await audit(data);
    expect(last).toMatchObject({ ok: true, gaps: [], rejects: { total: 0 } });
    expect(last.flows).toBeGreaterThan(before.audit.flows);
    expect(await sessionsOf(data)).toHaveLength(1); // told four times and more, over starts and a kill
  });
});

test('a port that is taken is one sentence, and nothing is left behind', async () => {
  const server: Server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const data = join(root, 'busy');
  const { status, stderr } = await runHere(['up', '--data', data, '--port', String(port)]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^vpcflow: port \d+ of 127\.0\.0\.1 is taken[^\n]*\(VF_PORT_IN_USE\)\n$/);
  await new Promise((done) => server.close(done));
});

test('a rule file that cannot be used is named with its lines, and nothing is started', async () => {
  const rules = join(root, 'rules.yaml');
  await writeFile(rules, 'mode: apply\nregions:\n  us-east-1:\n    vpcs:\n      - vpcId: vpc-1\n');
  const { status, stderr } = await runHere(['up', '--data', join(root, 'ruled'), '--port', '0', '--config', rules]);
  expect(status).toBe(2);
  expect(stderr).toContain('rules.yaml:5:');
  expect(stderr).toMatch(/\(VF_RULES\)\n$/);
});

test('without traffic it tells how to put some on, plans for what is put on, and its end is no failure', async ({
  onTestFinished,
}) => {
  const up = startHere(['up', '--data', join(root, 'quiet'), '--port', '0', '--traffic', 'none']);
  onTestFinished(up.interrupt);
  const { endpoint } = await addresses(up);
  expect(up.stderr()).toContain('simulate --to stream --stream vpcflow\n');
  expect(up.stderr()).toContain('simulate --to stream --stream vpcflow-events --format events\n');
  await tell(endpoint, Math.floor(Date.now() / 1000) - FIRST_FINDING);
  await until('it is planned for', () => up.stderr().includes('planned: mirror eni-'), 20);
  up.interrupt();
  expect((await up.ended).status).toBe(0);
});

// `vpcflow rejects` as it is run: what it prints, where, its exit status, and the same in a directory and in S3.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../consumers/commands.ts';
import { settingsGiven } from '../../../consumers/rejects/replay.ts';
import { run } from '../../../consumers/rejects.ts';
import { auditStore } from '../../../consumers/shared/audit/audit-store.ts';
import { readOptions } from '../../../consumers/shared/read-options.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { openStore } from '../../../consumers/shared/store/open.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { expectGolden } from '../../golden-files.ts';
import { runVpcflow, startVpcflow } from '../../run-vpcflow.ts';
import { s3Environment, startS3Server } from '../../s3-server.ts';
import { until } from '../../until.ts';
import { BEGIN, backfill, CUSTOM, custom, digest, flow, nodata, TIMELESS, timeless } from './rejecting-store.ts';

let path: string;
let formats: string;

const fill = async (store: DirectoryStore): Promise<void> => {
  await digest(store, [
    { minute: 0, logGroup: '/vpc/custom-1', lines: [custom(1), flow(2), 'gar\u001b[31mbage', custom(3), nodata()] },
    { minute: 3, logGroup: '/vpc/timeless', lines: [timeless(1)] },
  ]);
  await backfill(store, [flow(5), custom(6, 30), custom(7, 30)]);
};

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-rejects-'));
  path = join(directory, 'data');
  formats = join(directory, 'formats.json');
  await writeFile(formats, JSON.stringify({ '/vpc/custom*': CUSTOM, '/vpc/timeless': TIMELESS }));
  await fill(new DirectoryStore(path));
});

afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

const command = COMMANDS.find(({ name }) => name === 'rejects')!;

const vpcflow = async (action: string, given: Readonly<Record<string, string | true>> = {}, signal?: AbortSignal) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const options = readOptions(command, { store: path, ...given }, {}, [action]);
  const [out, err] = [text(stdout), text(stderr)];
  const context = { args: [action], options, stdout, stderr, clock: new ManualClock(BEGIN + 3_600_000) };
  const status = await run({ ...context, signal: signal ?? new AbortController().signal });
  stdout.end();
  stderr.end();
  return { status, stdout: await out, stderr: await err };
};

describe('rejects list', () => {
  it('prints what is left, and after a replay what that left', async () => {
    const before = await vpcflow('list');
    expect([before.status, before.stderr]).toEqual([0, '']);
    expectGolden('rejects', 'store.out', before.stdout);
    await vpcflow('replay', { formats });
    const { stdout } = await vpcflow('list');
    expectGolden('rejects', 'replayed.out', stdout);
  });

  it('prints JSON, of one reason, log group or time of arrival', async () => {
    const list = async (given: Readonly<Record<string, string>>) =>
      JSON.parse((await vpcflow('list', { json: true, ...given })).stdout);
    expect(await list({})).toMatchObject({ rejects: 7, replayable: 7, replayed: 0 });
    expect(await list({ 'log-group': '/vpc/t*' })).toMatchObject({
      rejects: 1,
      groups: [{ log_group: '/vpc/timeless' }],
    });
    expect(await list({ reason: 'bad-time' })).toMatchObject({ rejects: 0, groups: [] });
    expect(await list({ start: '2026-11-20T06:00:00Z' })).toMatchObject({ rejects: 1 });
    expect(await list({ start: '2026-11-20T05:58:00Z', stop: '2026-11-20T05:59:00Z' })).toMatchObject({ rejects: 6 });
  });

  it('shows how far it is on a terminal', async () => {
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    const shown = text(stderr);
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 20 });
    const table = text(stdout);
    const options = readOptions(command, { store: path }, {});
    const clock = new ManualClock();
    await run({ args: ['list'], options, stdout, stderr, clock, signal: new AbortController().signal });
    stderr.end();
    stdout.end();
    expect(await shown).toContain('\r3 sources, 7 rejects');
    const lines = (await table).split('\n').slice(0, -2);
    expect(Math.max(...lines.map((line) => line.length))).toBe(20);
  });
});

describe('rejects replay', () => {
  it('takes over what the formats given decode, once, and says what not', async () => {
    const first = await vpcflow('replay', { formats });
    expect([first.status, first.stdout]).toEqual([0, '']);
    expect(first.stderr).toBe('4 of 7 lines taken into 2 sources\n3 lines still do not match: token_count 3\n');
    const again = await vpcflow('replay', { format: CUSTOM });
    expect(again.stderr).toBe('2 of 3 lines taken into 1 source\n1 line still does not match: token_count 1\n');
    const { stderr, status } = await vpcflow('replay', { format: CUSTOM });
    expect(status).toBe(0);
    expect(stderr).toContain('nothing could be taken');
    const { report } = await auditStore(new DirectoryStore(path), { window: null });
    expect(report).toMatchObject({ ok: true, lines: 9n, flows: 7n, nodata: 1n, replayed: 6n, rejects: { total: 1n } });
  });

  it('changes nothing in a dry run', async () => {
    const { stderr } = await vpcflow('replay', { format: CUSTOM, 'dry-run': true });
    expect(stderr).toContain('5 of 7 lines would be taken into 2 sources; nothing was written');
    expect(JSON.parse((await vpcflow('list', { json: true })).stdout)).toMatchObject({ rejects: 7, replayed: 0 });
  });

  it('refuses a source of which another feed has the minutes, takes the others, and exits with 1', async () => {
    // An interface-minute of the stream's rejects comes by an object, too.
    await backfill(new DirectoryStore(path), [custom(9)], { ...DEFAULT_SETTINGS, format: CUSTOM });
    const refused = await vpcflow('replay', { formats });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(
      /^vpcflow: the rejects of .* lines are of interfaces and minutes that feed "backfill" has.*\(VF_OVERLAP\)$/m,
    );
    expect(refused.stderr).toContain('1 of 3 lines taken into 1 source');
    const { status, stderr } = await vpcflow('replay', { formats, overlap: 'skip' });
    expect(status).toBe(0);
    expect(stderr).toContain('2 of them left out: another feed has their interface and minute');
    const { report } = await auditStore(new DirectoryStore(path), { window: null });
    expect(report).toMatchObject({ ok: true, skipped: 2n });
  });

  it('without formats says where they come from, and after a refusal only what was refused', async () => {
    const none = await vpcflow('replay');
    expect([none.status, none.stderr]).toEqual([0, expect.stringContaining('give the right ones with --formats or')]);
    await backfill(new DirectoryStore(path), [custom(9)], { ...DEFAULT_SETTINGS, format: CUSTOM });
    const refused = await vpcflow('replay', { formats, 'log-group': '/vpc/custom*' });
    expect(refused.stderr).toMatch(/^vpcflow: the rejects of .*\(VF_OVERLAP\)\n$/);
  });

  it('says that it was interrupted', async () => {
    const { status, stderr } = await vpcflow('replay', { formats }, AbortSignal.abort());
    expect(status).toBe(1);
    expect(stderr).toContain('interrupted; run it again');
  });
});

it('decodes as the source was decoded, but for what is given', async () => {
  const before = { ...DEFAULT_SETTINGS, ports: 'all', servicePorts: [4], format: CUSTOM, logGroup: 'g' } as const;
  const given = (more: Readonly<Record<string, string>>) => settingsGiven(readOptions(command, more, {}, ['replay']));
  expect((await given({}))(before)).toEqual(before);
  expect((await given({ format: TIMELESS, ports: 'service' }))(before)).toEqual({
    ...before,
    ...{ format: TIMELESS, formats: [], ports: 'service' },
  });
  expect((await given({ formats, 'service-ports': '50051' }))(before)).toEqual({
    ...{ ...before, format: null, servicePorts: [50051] },
    formats: [
      { logGroup: '/vpc/custom*', format: CUSTOM },
      { logGroup: '/vpc/timeless', format: TIMELESS },
    ],
  });
  await expect(given({ format: '${srcadr}' })).rejects.toMatchObject({ code: 'VF_BAD_FORMAT' });
});

it('leaves alone what the environment says to other commands', async () => {
  const environment = { VPCFLOW_DRY_RUN: '1', VPCFLOW_JSON: '1' };
  const listed = await runVpcflow(['rejects', 'list', '--store', path], environment);
  expect([listed.status, listed.stderr]).toEqual([0, '']);
  expect(JSON.parse(listed.stdout)).toMatchObject({ rejects: 7 });
  const replayed = await runVpcflow(['rejects', 'replay', '--store', path, '--formats', formats], environment);
  expect(replayed.stderr).toContain('nothing was written');
}, 20_000);

it('refuses what it does not know', async () => {
  await expect(vpcflow('purge')).rejects.toMatchObject({
    code: 'VF_USAGE',
    message: expect.stringContaining('"purge"'),
  });
  await expect(vpcflow('list', { reason: 'bad_tim' })).rejects.toMatchObject({
    message: expect.stringContaining('bad_time'),
  });
  await expect(vpcflow('list', { store: join(path, 'none') })).rejects.toMatchObject({ code: 'VF_STORE_MISSING' });
});

it('names a reject log that is gone or damaged', async () => {
  const store = new DirectoryStore(path);
  const keys: string[] = [];
  for await (const { key } of store.list('rejects/')) keys.push(key);
  const [key = ''] = keys;
  await store.put(key, Buffer.from('no gzip'));
  await expect(vpcflow('list')).rejects.toMatchObject({
    code: 'VF_STORE_CORRUPT',
    message: expect.stringContaining(key),
  });
  await store.remove(key);
  await expect(vpcflow('replay', { formats })).rejects.toMatchObject({ code: 'VF_STORE_CORRUPT' });
});

it('goes on where a process was killed', async () => {
  const args = ['rejects', 'replay', '--store', path, '--formats', formats];
  // As long as the process lives, it may be at any of its calls; a claim without a commit is there for a moment only.
  const running = startVpcflow(args);
  const claims = join(path, 'claims/replay');
  await until('a claim of a replay', () => existsSync(claims));
  running.process.kill('SIGKILL');
  await running.ended;
  const { status } = await runVpcflow(args);
  expect(status).toBe(0);
  const { report, open } = await auditStore(new DirectoryStore(path), { window: null });
  expect(open).toEqual([]);
  expect(report).toMatchObject({ ok: true, lines: 9n, flows: 5n, nodata: 1n, replayed: 4n, rejects: { total: 3n } });
}, 60_000);

it('does the same with a store in S3', async () => {
  const server = await startS3Server();
  if (server === null) return;
  try {
    const environment = s3Environment(server.endpoint);
    const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3');
    Object.assign(process.env, environment);
    const client = new S3Client({ forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: 'rejects' }));
    client.destroy();
    const store = await openStore('s3://rejects/store');
    for await (const { key } of new DirectoryStore(path).list('')) {
      const stored = await new DirectoryStore(path).get(key);
      if (stored !== null) await store.put(key, stored.body);
    }
    const args = ['--store', 's3://rejects/store'];
    const replayed = await runVpcflow(['rejects', 'replay', ...args, '--formats', formats], environment);
    expect([replayed.status, replayed.stderr]).toEqual([
      0,
      '4 of 7 lines taken into 2 sources\n3 lines still do not match: token_count 3\n',
    ]);
    const { stdout } = await runVpcflow(['rejects', 'list', ...args], environment);
    expectGolden('rejects', 'replayed.out', stdout);
    expect((await runVpcflow(['audit', ...args], environment)).status).toBe(0);
  } finally {
    for (const name of Object.keys(s3Environment(server.endpoint))) delete process.env[name];
    await server.stop();
  }
}, 60_000);

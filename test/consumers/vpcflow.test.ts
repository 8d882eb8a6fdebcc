// The command line from the outside: help, exit statuses, one sentence for each error, broken pipes and signals.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../consumers/commands.ts';
import { DAEMON_PROPERTIES } from '../../consumers/shared/kcl/property-table.ts';
import { environmentName, OPTIONS } from '../../consumers/shared/options.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { runVpcflow, startVpcflow } from '../run-vpcflow.ts';
import { until } from '../until.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const nothing = join(folder, 'nothing');

/** Of what the words name, on standard output, no wider than a terminal. */
const helpOf = async (...words: readonly string[]): Promise<string> => {
  const { status, stdout } = await runVpcflow([...words, '--help']);
  expect(status).toBe(0);
  expect(Math.max(...stdout.split('\n').map((line) => line.length)), words.join(' ')).toBeLessThanOrEqual(100);
  expect(stdout).not.toContain('security-group');
  return stdout;
};

describe('help', () => {
  test('lists every command, on standard output', async () => {
    const { status, stdout, stderr } = await runVpcflow(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test('of each command names its options and their variables', async () => {
    for (const command of COMMANDS) {
      const { name, options } = command;
      const helps = [await helpOf(name)];
      for (const action of (await command.actions?.()) ?? []) helps.push(await helpOf(name, action.name));
      for (const key of options) {
        expect(helps.join('')).toContain(`--${OPTIONS[key].name}`);
        expect(helps.join('')).toMatch(new RegExp(`\\b${environmentName(OPTIONS[key].name)}\\)`));
      }
    }
  }, 30_000);

  test('of a command with actions is a list of them; that of each has its own options', async () => {
    for (const command of COMMANDS.filter(({ actions }) => actions !== undefined)) {
      const { name, operand } = command;
      const actions = (await command.actions?.()) ?? [];
      expect(actions.map((action) => action.name).join('|')).toBe(operand?.name);
      const list = await helpOf(name);
      expect(list).toContain(`Usage: vpcflow ${name} <action> [options]\n`);
      for (const action of actions) expect(list).toContain(`  ${action.name} `);
      expect(list).toContain(`See vpcflow ${name} <action> --help`);
      expect(list.match(/^ +--?\w/gm)).toHaveLength(1); // -h
    }
    const release = await helpOf('mirror', 'release', '--all');
    expect(release).toContain('Usage: vpcflow mirror release [options] [ID...]\n');
    expect(release).toMatch(/--all +every session that we made, and nothing else \(env: VPCFLOW_ALL\)/);
    expect(release).not.toMatch(/--grace|--state|only with mirror|Actions:/);
    expect((await runVpcflow(['help', 'mirror', 'release'])).stdout).toBe(release);
    const sessions = (await helpOf('mirror', 'sessions')).replaceAll(/\s+/g, ' ');
    expect(sessions).toContain('(or VPCFLOW_CONFIG in the environment) EC2 is asked too');
  }, 30_000);

  test('of digest lists the properties that --kcl may set; nothing else loads them', async () => {
    for (const args of [
      ['digest', '--help'],
      ['help', 'digest'],
    ]) {
      const { status, stdout } = await runVpcflow(args);
      expect(status).toBe(0);
      const [, listed = ''] = stdout.split('Properties of the Client Library, for --kcl NAME=VALUE,..:\n');
      const names = [...listed.matchAll(/^ {2}([^ \n]+)$/gm)].map(([, name]) => name);
      expect(names).toEqual(DAEMON_PROPERTIES.map(({ name }) => name));
      expect(listed.replaceAll(/\s+/g, ' ')).toContain(
        'idleTimeBetweenReadsInMillis wait between two reads of a shard (5/s allowed) (a whole number from 200 to 86400000; default: 1000; with --retrieval polling)',
      );
      expect(Math.max(...listed.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    }
    expect((await runVpcflow(['doctor', '--help'])).stdout).not.toContain('failoverTimeMillis');
  });

  test('says what an option means in its command, and what it goes with', async () => {
    const said = async (command: string): Promise<string> =>
      (await runVpcflow([...command.split(' '), '--help'])).stdout.replaceAll(/\s+/g, ' ');
    const asked = ['backfill', 'rejects replay', 'formats discover'];
    const [backfill, rejects, formats] = await Promise.all(asked.map(said));
    expect(backfill).toContain('by the time in their names; whole (env: VPCFLOW_START)');
    expect(backfill).toContain('(only with --queue; only with --statsd; env: VPCFLOW_STATSD_TAGS)');
    expect(rejects).toContain('only what arrived in this minute or later');
    expect(rejects).toContain('read and count, replay nothing (env: VPCFLOW_DRY_RUN)');
    expect(formats).toContain('regions to ask (without it: that of the SDK) (env: VPCFLOW_REGIONS)');
    expect(formats).toContain('(only with --role; env: VPCFLOW_EXTERNAL_ID)');
  });

  test("--version is the package's", async () => {
    expect(await runVpcflow(['--version'])).toMatchObject({ status: 0, stdout: `${packageJson.version}\n` });
  });
});

describe('wrong usage ends with status 2 and one sentence', () => {
  const window = ['--start', 'now-1h', '--stop', 'now'];
  test.each([
    ['an unknown command', ['rwos'], 'rwos'],
    ['an unknown option', ['rows', ...window, '--strat', 'x'], '--strat'],
    ['a missing option', ['rows', '--stop', 'now'], '--start is missing'],
    ['an option without its value', ['rows', '--start'], '--start'],
    ['a missing operand', ['backfill'], 'SOURCE'],
    ['a surplus operand', ['rows', ...window, 'surplus'], 'too many arguments'],
    ['two actions', ['formats', 'check', 'discover'], 'but got 2: check, discover; see --help'],
    ['what a queue has', ['backfill', '.', '--until-empty'], '--until-empty is an option of --queue'],
    ['what a role has', ['backfill', '.', '--external-id', 'x'], '--external-id is an option of --role'],
    ['what forwarding has', ['digest', '--stream', 's', '--forward-what', 'both'], 'is an option of --forward'],
    ['what discovery has', ['formats', 'check', '--dry-run'], '--dry-run is an option of formats discover'],
    ['what a replay has', ['rejects', 'list', '--overlap', 'add'], '--overlap is an option of rejects replay'],
    ['what a list has', ['rejects', 'replay', '--json'], '--json is an option of rejects list'],
    ['a value out of bounds', ['query', '--port', '70000'], '--port needs a whole number from 0 to 65535, not "70000"'],
    ['an id of another kind', ['mirror', 'sessions', '--interface', 'i-1'], '--interface needs the id of an interface'],
    ['another id of another kind', ['mirror', 'sessions', '--instance', 'eni-1'], 'needs the id of an instance: i-…'],
    ['no store', ['rows', ...window, '--store', 'ftp://x/y'], 'ftp://x/y'],
  ])('%s', async (_what, args, said) => {
    const { status, stdout, stderr } = await runVpcflow(args, { VPCFLOW_STORE: nothing });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^vpcflow: [^\n]+ \(VF_USAGE\)\n$/);
  });

  const formats = join(folder, 'formats.json');
  writeFileSync(formats, '{"vpc-*":"${srcaddr} srcaddr"}');
  test.each([
    ['a time', 'VF_BAD_TIME', ['rows', '--start', 'then', '--stop', 'now']],
    ['a window', 'VF_BAD_WINDOW', ['rows', '--start', 'now', '--stop', 'now-1h']],
    ['a filter', 'VF_BAD_FILTER', ['rows', ...window, '--filter', 'port is 22']],
    ['columns', 'VF_BAD_PARAMETER', ['rows', ...window, '--group', 'bytes']],
    ['a format', 'VF_BAD_FORMAT', ['backfill', '--formats', formats, formats]],
  ])('%s that means nothing is %s', async (_what, code, args) => {
    const { status, stdout, stderr } = await runVpcflow([...args, '--store', nothing]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^vpcflow: [^\\n]+ \\(${code}\\)\\n$`));
  });

  test('no command at all shows the help, on standard error', async () => {
    const { status, stdout, stderr } = await runVpcflow([]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: vpcflow');
  });
});

describe('a failure ends with status 1', () => {
  const args = ['rows', '--start', 'now-1h', '--stop', 'now', '--store', nothing];

  test('and one sentence: what, what to do, which code', async () => {
    const { status, stdout, stderr } = await runVpcflow(args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^vpcflow: [^\n]*nothing[^\n]*; check --store[^\n]* \(VF_STORE_MISSING\)\n$/);
  });

  test('and where it came from, with VPCFLOW_DEBUG=1', async () => {
    const { status, stderr } = await runVpcflow(args, { VPCFLOW_DEBUG: '1' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ {4}at .+layout\.[jt]s/m);
  });
});

test('an environment variable stands in for its option', async () => {
  const variables = { VPCFLOW_START: 'now-1h', VPCFLOW_STOP: 'now', VPCFLOW_STORE: nothing };
  expect(await runVpcflow(['rows'], variables)).toMatchObject({ status: 1 });
  const { status, stderr } = await runVpcflow(['rows'], { ...variables, VPCFLOW_LATENESS: 'soon' });
  expect(status).toBe(2);
  expect(stderr).toContain('VPCFLOW_LATENESS');
});

test('a reader that has seen enough ends the command quietly', async () => {
  const running = startVpcflow(['simulate', '--duration', '1d', '--rate', '1000', '--start', '2026-11-20T00:00:00Z']);
  const { stdout } = running.process;
  if (stdout === null) throw new Error('no pipe');
  await once(stdout, 'data');
  stdout.destroy();
  expect(await running.ended).toMatchObject({ status: 0, stderr: '' });
});

test.each([
  ['of a failure', ['rows', '--start', 'now-1h', '--stop', 'now', '--store', nothing], 1],
  ['of wrong usage', ['rows', '--strat', 'x'], 2],
])('the status %s is the same when nobody reads standard error', async (_what, args, expected) => {
  const running = startVpcflow(args);
  const { stderr } = running.process;
  if (stderr === null) throw new Error('no pipe');
  stderr.destroy(); // long before the process has begun
  expect(await running.ended).toMatchObject({ status: expected, signal: null });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a server with status 0, also when npm passes it on again',
  async (signal) => {
    const store = join(folder, signal);
    const source = join(folder, `${signal}.log`);
    writeFileSync(
      source,
      '2 123456789012 eni-0a1b2c3d 10.0.0.1 10.0.0.2 40000 443 6 1 40 1790000000 1790000060 ACCEPT OK\n',
    );
    expect(await runVpcflow(['backfill', '--store', store, source])).toMatchObject({ status: 0, stdout: '' });
    const running = startVpcflow(['query', '--store', store, '--port', '0']);
    await until('the server says where it is', () => running.stderr().includes('http://127.0.0.1:'));
    running.process.kill(signal);
    running.process.kill(signal);
    expect(await running.ended).toMatchObject({ status: 0, signal: null });
  },
);

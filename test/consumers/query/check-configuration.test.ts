// `vpcflow query --check` and --print-config, as a process: what is right, what is wrong, and that nothing is served.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../../consumers/commands.ts';
import { checkConfiguration } from '../../../consumers/query/check-configuration.ts';
import { drainOf } from '../../../consumers/query/configuration.ts';
import { configuration, readOptions } from '../../../consumers/shared/read-options.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { openStore } from '../../../consumers/shared/store/open.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { runVpcflow } from '../../run-vpcflow.ts';
import { NOW, putGoldenStore } from './golden-store.ts';
import { FIRST, SECOND } from './server/certificates.ts';

const QUERY = COMMANDS.find(({ name }) => name === 'query') ?? COMMANDS[0];

let directory: string;
const path = (name: string): string => join(directory, name);
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-check-'));
  await putGoldenStore(new DirectoryStore(path('store')));
  const hash = createHash('sha256').update('a').digest('hex');
  const files = {
    tokens: `read alice ${hash}\n`,
    'bad-tokens': `read alice ${hash}\nadmin bob ${hash}\n`,
    'cert.pem': FIRST.certificate,
    'key.pem': FIRST.key,
    'other.pem': SECOND.key,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path(name), content, { mode: 0o600 });
});
afterAll(() => rm(directory, { recursive: true }));

const findings = async (given: Readonly<Record<string, string>>, now = NOW): Promise<string[]> => {
  const options = readOptions(QUERY, { store: path('store'), ...given }, {});
  const found = await checkConfiguration(options, new ManualClock(now));
  return found.map(({ level, text }) => `${level} ${text.replaceAll(directory, '')}`);
};

test('all that is right is said', async () => {
  const given = {
    ...{ host: '0.0.0.0', 'token-file': path('tokens'), 'trusted-proxy': '10.0.0.0/8' },
    ...{ 'tls-cert': path('cert.pem'), 'tls-key': path('key.pem'), statsd: 'localhost' },
  };
  expect(await findings(given)).toEqual([
    'ok store /store',
    'ok HTTPS on 0.0.0.0, port 8080',
    'ok tokens /tokens: 1 token, 0 of them with the role operate',
    'ok proxies 10.0.0.0/8 say who asks in x-forwarded-user',
    expect.stringMatching(
      /^ok certificate \/cert\.pem \(IP Address:127\.0\.0\.1, DNS:localhost\) is valid until 2126-/,
    ),
    'ok cache: none is needed, the objects are read where they lie',
    'ok StatsD at localhost:8125',
  ]);
});

test('all that is wrong is said at once', async () => {
  const given = {
    ...{ store: path('nothing'), host: '0.0.0.0', 'tls-cert': path('cert.pem'), 'tls-key': path('other.pem') },
    ...{ statsd: 'not a host', 'digest-at': '/a b' },
  };
  expect(await findings(given)).toEqual([
    expect.stringMatching(/^wrong \/nothing holds no store; .*\(VF_STORE_MISSING\)$/),
    expect.stringMatching(/^wrong 0\.0\.0\.0 can be reached .*; give --token-file, .*\(VF_BIND_REFUSED\)$/),
    expect.stringMatching(/^wrong the key of \/other\.pem is not that of .*\(VF_USAGE\)$/),
    expect.stringMatching(/^wrong --digest-at .*\(VF_USAGE\)$/),
    expect.stringMatching(/^wrong --statsd "not a host" .*\(VF_USAGE\)$/),
  ]);
  expect(await findings({ 'token-file': path('bad-tokens'), 'trusted-proxy': '10.0.0.0/33' })).toEqual([
    ...['ok store /store', 'ok HTTP on 127.0.0.1, port 8080'],
    expect.stringMatching(/^wrong the token file \/bad-tokens: line 2 has the role "admin"/),
    expect.stringMatching(/^wrong --trusted-proxy: 10\.0\.0\.0\/33 is no network/),
    'ok cache: none is needed, the objects are read where they lie',
  ]);
});

test('what will be wrong, or may be, is noted', async () => {
  const tls = { 'tls-cert': path('cert.pem'), 'tls-key': path('key.pem') };
  expect((await findings(tls, Date.parse('2126-10-20T00:00:00Z'))).join()).toMatch(/note certificate .*: renew it/);
  expect((await findings(tls, Date.parse('2127-10-20T00:00:00Z'))).join()).toMatch(
    /wrong certificate .*: it has expired/,
  );
  const open = await findings({ host: '0.0.0.0', 'token-file': path('tokens'), 'trusted-proxy': '0.0.0.0/0' });
  expect(open.filter((text) => text.startsWith('note'))).toEqual([
    expect.stringContaining('tokens are sent in the clear'),
    'note --trusted-proxy 0.0.0.0/0 believes everybody who says who he is',
  ]);
});

test('one of certificate and key is not enough, wherever it comes from', async () => {
  const alone = await runVpcflow(['query', '--store', path('store')], { VPCFLOW_TLS_CERT: path('cert.pem') });
  expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining('--tls-cert is given without --tls-key')]);
});

test('as a command: the options and where they come from, the findings, and the exit status', async () => {
  const right = await runVpcflow(['query', '--store', path('store'), '--check', '--print-config'], {
    VPCFLOW_PORT: '9999',
  });
  expect([right.status, right.stderr]).toEqual([0, '']);
  const lines = right.stdout.split('\n').map((text) => text.split(/ {2,}/));
  expect(lines).toEqual(
    expect.arrayContaining([
      ['store', path('store'), '--store'],
      ['port', '9999', 'VPCFLOW_PORT'],
      ['query-timeout', '2m', 'default'],
      ['token-file', '-', 'default'],
      ['ok', expect.stringMatching(/^HTTP on 127\.0\.0\.1, port 9999: this machine only/)],
    ]),
  );
  const wrong = await runVpcflow(['query', '--store', path('store'), '--check', '--host', '0.0.0.0']);
  expect([wrong.status, wrong.stdout]).toEqual([1, expect.stringContaining('VF_BIND_REFUSED')]);
});

test('credentials in the place of the store are refused, and shown nowhere', async () => {
  const store = 's3://AKIAEXAMPLE:sec/ret@bucket/prefix';
  for (const args of [['--print-config'], ['--check'], []]) {
    const { status, stdout, stderr } = await runVpcflow(['query', '--store', store, ...args]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--store may hold no credentials, not "s3://…@bucket/prefix"');
    expect(stderr).toContain('(VF_USAGE)');
  }
  expect(configuration(QUERY, { store }, {})).toMatch(/^store +s3:\/\/…@bucket\/prefix +--store$/m);
  await expect(openStore(store)).rejects.toMatchObject({
    code: 'VF_USAGE',
    message: expect.not.stringContaining('ret'),
  });
});

test('a path that the server needs itself is none for the predecessors', async () => {
  expect(await findings({ 'digest-at': '/jobs' })).toContainEqual(
    expect.stringMatching(/^wrong --digest-at \/jobs: .*VF_USAGE/),
  );
  const { status, stderr } = await runVpcflow([
    'query',
    '--store',
    path('store'),
    '--port',
    '0',
    '--digest-at',
    '/jobs',
  ]);
  expect([status, stderr]).toEqual([2, expect.stringContaining('--digest-at /jobs: something else is there already')]);
});

test('every option of the command is printed, once', () => {
  const lines = configuration(QUERY, { check: true }, {}).trimEnd().split('\n');
  expect(lines).toHaveLength(QUERY.options.length);
  expect(lines).toContainEqual(expect.stringMatching(/^check +true +--check$/));
});

test('who listens for others gives a balancer time to notice the end', () => {
  expect(drainOf({ host: '127.0.0.1', drain: null })).toBe(0);
  expect(drainOf({ host: '0.0.0.0', drain: null })).toBe(10_000);
  expect(drainOf({ host: '127.0.0.1', drain: 5000 })).toBe(5000);
});

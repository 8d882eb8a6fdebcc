// `vpcflow doctor` as a person runs it: exit status, help, JSON, and nothing but the report on standard output.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { type LocalKinesis, localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { runVpcflow } from '../../run-vpcflow.ts';

let directory: string;
let kinesis: LocalKinesis;
let environment: Readonly<Record<string, string>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-doctor-main-'));
  kinesis = await startLocalKinesis(null);
  const client = localClient(kinesis);
  await ensureStream(client, 'flows', 2, systemClock);
  client.destroy();
  environment = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9', // nobody listens
    AWS_ENDPOINT_URL_KINESIS: kinesis.place.endpoint,
    AWS_REGION: kinesis.place.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
});
afterAll(async () => {
  await kinesis.stop();
  await rm(directory, { recursive: true });
});

test('without a stream only this machine and the store are looked at, and there is nothing to fix', async () => {
  const { status, stdout, stderr } = await runVpcflow(['doctor', '--store', directory]);
  expect(stderr).toBe('');
  expect(status, stdout).toBe(0);
  expect(stdout).toMatch(/^ok {4}node {9}v\d+\.\d+\.\d+ runs this vpcflow/);
  expect(stdout).toContain(
    'no --stream: the stream, its permissions, leases, subscription and the identity are not checked',
  );
  expect(stdout).toMatch(/\nnothing to fix; 0 to consider, \d not checked\n$/);
});

test('warnings are allowed: a stream that is readable ends with 0 though nobody answers for STS', async () => {
  const { status, stdout } = await runVpcflow(['doctor', '--stream', 'flows', '--store', directory], environment);
  expect(stdout).toMatch(/\nok {4}stream {7}flows is ACTIVE, provisioned, 2 open shards\n/);
  expect(stdout).toMatch(/\nwarn {2}identity {5}STS does not say whose credentials these are: .*ECONNREFUSED/);
  expect(status, stdout).toBe(0);
});

test('what is to be fixed ends with 1, as JSON too', async () => {
  const formats = join(directory, 'formats.json');
  await writeFile(formats, '["a list"]');
  const args = ['doctor', '--store', directory, '--formats', formats, '--java', '/none/java', '--engine', 'kcl'];
  const { status, stdout, stderr } = await runVpcflow([...args, '--format', 'json']);
  expect(status).toBe(1);
  expect(stderr).toBe('');
  const report: { ok: boolean; policy: unknown; findings: { verdict: string; area: string; remedy: string }[] } =
    JSON.parse(stdout);
  expect(report).toMatchObject({ ok: false, policy: null });
  const broken = report.findings.filter(({ verdict, area }) => verdict === 'fix' && area !== 'jars');
  expect(broken.map(({ area }) => area)).toEqual(['formats', 'java']);
  expect(broken[1]?.remedy).toContain('install a Java 17');
});

test('a property that the Client Library does not know is found before it is ignored', async () => {
  const { stdout } = await runVpcflow(['doctor', '--store', directory, '--engine', 'kcl', '--kcl', 'maxRecord=10']);
  expect(stdout).toMatch(/\nFIX {3}kcl {10}--kcl knows no maxRecord, did you mean maxRecords\?/);
});

test('--help lists what it takes; an unknown option is wrong usage', async () => {
  const help = await runVpcflow(['doctor', '--help']);
  expect(help.status).toBe(0);
  for (const option of ['--stream', '--engine', '--log-group', '--format <table|json>'])
    expect(help.stdout).toContain(option);
  expect((await runVpcflow(['doctor', '--fix'])).status).toBe(2);
  const short = ['doctor', '--stream', 'flows', '--store', directory, '--engine', 'kcl', '--application', 'a'];
  const { status, stderr } = await runVpcflow(short, environment);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^vpcflow: --application "a" is not made of 3 to 100 letters/);
});

// What `vpcflow digest` refuses before it has written a store or asked a service, and which region it asks.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { KCL } from '../../../consumers/shared/kcl/jars.ts';
import { runVpcflow, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-usage-'));
const jars = mkdtempSync(join(tmpdir(), 'vpcflow-usage-jars-'));
const java = join(jars, 'java');
writeFileSync(join(jars, `amazon-kinesis-client-multilang-${KCL.version}.jar`), '');
writeFileSync(java, '#!/bin/sh\necho \'openjdk version "17.0.15" 2025-04-15\' >&2\n', { mode: 0o755 });

/** Region and operation of each request; the answer is always that there is no such stream. */
const asked: string[] = [];
let server: Server;
let environment: Readonly<Record<string, string>>;
beforeAll(async () => {
  server = createServer((request, response) => {
    const region = /Credential=[^/]+\/\d+\/([^/]+)\/kinesis/.exec(request.headers.authorization ?? '')?.[1];
    asked.push(`${region} ${String(request.headers['x-amz-target']).split('.')[1]}`);
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: 'ResourceNotFoundException', message: 'none' }));
  });
  await new Promise<void>((fulfil) => server.listen(0, '127.0.0.1', fulfil));
  // A TCP server's address is an object; only a pipe's is a text.
  const { port } = server.address() as AddressInfo;
  environment = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    XDG_CACHE_HOME: folder,
    JAVA_HOME: '',
  };
});
afterEach(() => {
  asked.length = 0;
  expect(readdirSync(folder)).toEqual([]); // whatever was wrong, nothing was begun
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  for (const directory of [folder, jars]) rmSync(directory, { recursive: true });
});

const digest = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
  runVpcflow(['digest', '--store', join(folder, 'store'), ...args], { ...environment, ...variables });
const kcl = ['--stream', 'flows', '--engine', 'kcl'];

describe('wrong usage is said before anything is begun', () => {
  test.each([
    ['a property that nobody knows', [...kcl, '--kcl', 'foo=1'], '--kcl knows no foo'],
    ['a table’s name', [...kcl, '--application', '../other'], '"../other" is not made of 3 to 100 letters'],
    ['a file’s name', ['--stream', 'flows', '--application', '../other'], '"../other" is not made of 1 to 100 letters'],
    [
      'the ARN of something else',
      ['--stream', 'arn:aws:s3:::flows'],
      '"arn:aws:s3:::flows" is not the ARN of a Kinesis',
    ],
    ['no name of a worker', ['--stream', 'flows', '--worker-id', ''], '--worker-id needs a name of 1 to 256 bytes'],
    ['a blank name', ['--stream', 'flows', '--worker-id', ' '], '--worker-id needs a name of 1 to 256 bytes'],
    [
      'a long name',
      ['--stream', 'flows', '--worker-id', 'ä'.repeat(129)],
      '--worker-id needs a name of 1 to 256 bytes',
    ],
    ['StatsD nowhere', [...kcl, '--java', java, '--kcl-jars', jars, '--statsd', '127.0.0.1:x'], '--statsd'],
    [
      'a property of the other engine',
      ['--stream', 'flows', '--kcl', 'maxRecords=1'],
      '--kcl is an option of --engine',
    ],
    ['a program of the other engine', ['--stream', 'flows', '--java', java], '--java is an option of --engine kcl'],
    ['retrieval of the other engine', ['--stream', 'flows', '--retrieval', 'polling'], '--retrieval is an option of'],
  ])('%s', async (_what, args, said) => {
    const { status, stderr } = await digest(args);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^vpcflow: [^\n]*\(VF_USAGE\)\n$/);
    expect([status, asked]).toEqual([2, []]);
  });

  test.each([
    ['Java', ['--java', '/none/java'], '--java /none/java is not a program'],
    ['the jars', ['--java', java, '--kcl-jars', join(folder, 'none')], 'are not at'],
  ])('and so is that %s cannot be used', async (_what, args, said) => {
    const { status, stderr } = await digest([...kcl, ...args]);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^vpcflow: [^\n]*\(VF_ENGINE\)\n$/);
    expect([status, asked]).toEqual([1, []]);
  });

  test('one environment serves workers of both engines', async () => {
    const { stderr } = await digest(['--stream', 'flows'], { VPCFLOW_RETRIEVAL: 'fanout', VPCFLOW_KCL: 'foo=1' });
    expect(stderr).toContain('there is no stream flows');
  });
});

describe('the region is', () => {
  test('that of the ARN, whatever is set', async () => {
    const arn = 'arn:aws:kinesis:eu-west-3:123456789012:stream/flows';
    for (const region of ['us-east-1', '']) {
      const { process, ended } = startVpcflow(['digest', '--store', join(jars, 'store'), '--stream', arn], {
        ...environment,
        AWS_REGION: region,
      });
      await until('the stream is asked for its shards', () => asked.length > 0);
      process.kill('SIGTERM');
      await ended;
      expect([...new Set(asked)]).toEqual(['eu-west-3 ListShards']);
      asked.length = 0;
    }
    const simulated = ['simulate', '--to', 'stream', '--stream', arn, '--duration', '1h'];
    const simulating = startVpcflow(simulated, { ...environment, AWS_REGION: '' });
    await until('records are put', () => asked.length > 0);
    simulating.process.kill('SIGKILL'); // it would go on trying
    await simulating.ended;
    expect(asked[0]).toBe('eu-west-3 PutRecords');
  });

  test('that which is set, for a name', async () => {
    const { stderr } = await digest(['--stream', 'flows'], { AWS_REGION: 'eu-north-1' });
    expect(stderr).toBe(
      'vpcflow: there is no stream flows; check the stream name, the endpoint and the permissions (VF_STREAM)\n',
    );
    expect(asked).toEqual(['eu-north-1 DescribeStreamSummary']);
  });

  test('asked for where there is none, and so are credentials', async () => {
    const region = await digest(['--stream', 'flows'], { AWS_REGION: '', AWS_DEFAULT_REGION: '' });
    expect(region.stderr).toBe(
      'vpcflow: stream flows cannot be described: no AWS region is set; set AWS_REGION to the region of the stream, or name the stream by its ARN (VF_STREAM)\n',
    );
    const nobody = await digest(['--stream', 'flows'], { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    expect(nobody.stderr).toMatch(
      /^vpcflow: stream flows cannot be described: no AWS credentials can be used [^\n]*; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run it under a role of the host \(VF_STREAM\)\n$/,
    );
    expect(asked).toEqual([]);
  });
});

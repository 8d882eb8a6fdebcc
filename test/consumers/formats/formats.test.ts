// `vpcflow formats` as a command: a file from what EC2 says, what it does with the file that is there, and all that can be wrong.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT } from '../../../schemas/fields.ts';
import { type Ended, runVpcflow } from '../../run-vpcflow.ts';
import { type AnsweringServer, type Item, page, refusal, startAnsweringServer } from './ec2-answers.ts';

const CUSTOM = '${start} ${srcaddr} ${dstaddr}';
const folder = mkdtempSync(join(tmpdir(), 'vpcflow-discover-'));
const path = join(folder, 'formats.json');
let server: AnsweringServer;

beforeAll(async () => {
  server = await startAnsweringServer();
});
beforeEach(() => {
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const item = (flowLogId: string, logGroupName: string, logFormat = DEFAULT_FORMAT, more: Item = {}): Item => ({
  ...{ flowLogId, logGroupName, logFormat, flowLogStatus: 'ACTIVE', resourceId: 'vpc-0a' },
  ...{ logDestinationType: 'cloud-watch-logs', deliverLogsStatus: 'SUCCESS', ...more },
});

const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  runVpcflow(['formats', ...args, '--formats', path], {
    ...{ AWS_ACCESS_KEY_ID: 'own', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' },
    ...{ AWS_ENDPOINT_URL: server.endpoint, AWS_PROFILE: '', AWS_CONFIG_FILE: '/dev/null', ...more },
  });

const written = (): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('discover', () => {
  test('writes a rule for each log group, of all pages', async () => {
    server.answer(({ parameters }) =>
      parameters.NextToken === undefined
        ? page([item('fl-1', '/b')], 'more')
        : page([
            item('fl-2', '', CUSTOM, { logDestination: 'arn:aws:logs:eu-west-1:123456789012:log-group:/a:*' }),
            { flowLogId: 'fl-3', logGroupName: '/tgw', flowLogStatus: 'ACTIVE', resourceId: 'tgw-0a' },
          ]),
    );
    const { status, stdout, stderr } = await run(['discover']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(readFileSync(path, 'utf8')).toBe(
      `{\n  "/a": "${CUSTOM}",\n  "/b": "${DEFAULT_FORMAT}",\n  "/tgw": "${TRANSIT_GATEWAY_FORMAT}"\n}\n`,
    );
    expect(stderr).toBe(
      `+ /a: ${CUSTOM}\n+ /b: ${DEFAULT_FORMAT}\n+ /tgw: ${TRANSIT_GATEWAY_FORMAT}\nwrote ${path}: 3 rules\n`,
    );
    expect(server.asked.map(({ region, parameters }) => [region, parameters.MaxResults])).toEqual([
      ['eu-west-1', '1000'],
      ['eu-west-1', '1000'],
    ]);
    const again = await run(['discover']);
    expect(again).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`${path} is as it should be: 3 rules\n`),
    });
  });

  test('merges with the file that is there, shows what changes, and writes nothing when dry', async () => {
    const before = `{"/other": "${CUSTOM}", "s3://bucket/*": "${CUSTOM}", "/a": "${CUSTOM}"}`;
    const real = join(folder, 'real.json');
    writeFileSync(real, before);
    symlinkSync(real, path);
    server.answer(() => page([item('fl-1', '/a')]));
    const merged = { '/other': CUSTOM, 's3://bucket/*': CUSTOM, '/a': DEFAULT_FORMAT };
    const dry = await run(['discover', '--dry-run']);
    expect(dry).toMatchObject({
      status: 0,
      stderr: `- /a: ${CUSTOM}\n+ /a: ${DEFAULT_FORMAT}\n? /other: no flow log writes to it; kept\n`,
    });
    expect(JSON.parse(dry.stdout)).toEqual(merged);
    expect(readFileSync(real, 'utf8')).toBe(before);
    expect((await run(['discover'])).status).toBe(0);
    expect(written()).toEqual(merged);
    expect(readdirSync(folder).sort()).toEqual(['formats.json', 'real.json']);
    expect(JSON.parse(readFileSync(real, 'utf8'))).toEqual(merged);
  });

  test('asks every region, waits where it is throttled, and goes on when one cannot be asked', async () => {
    let throttled = 0;
    writeFileSync(path, JSON.stringify({ '/idle': DEFAULT_FORMAT }));
    server.answer(({ region }) => {
      if (region === 'us-east-1' && throttled++ < 2)
        return refusal(503, 'RequestLimitExceeded', 'Request limit exceeded.');
      if (region === 'eu-central-1') return refusal(403, 'UnauthorizedOperation', 'You are not authorized');
      return page([item(`fl-${region}`, `/${region}`)]);
    });
    const { status, stderr } = await run(['discover', '--regions', 'eu-central-1,us-east-1,eu-west-1,us-east-1']);
    expect(status).toBe(1);
    expect(throttled).toBe(3);
    expect(stderr).toContain('the flow logs of eu-central-1 cannot be described: UnauthorizedOperation');
    expect(stderr).toContain('allow the action ec2:DescribeFlowLogs (VF_SERVICE)');
    expect(stderr).not.toContain('no flow log writes'); // it was not asked everywhere
    const all = ['/idle', '/eu-west-1', '/us-east-1'];
    expect(written()).toEqual(Object.fromEntries(all.map((logGroup) => [logGroup, DEFAULT_FORMAT])));
  });

  test('writes no rule where formats meet in one log group, names both, and fails', async () => {
    server.answer(() =>
      page([item('fl-1', '/a'), item('fl-2', '/a', CUSTOM, { resourceId: 'subnet-0b' }), item('fl-3', '/b')]),
    );
    const { status, stderr } = await run(['discover']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\/a: 2 formats in one log group.*one log group for each format/);
    expect(stderr).toContain(`\n    fl-2 of subnet-0b in eu-west-1: ${CUSTOM}\n`);
    expect(stderr).toContain(`\n    fl-1 of vpc-0a in eu-west-1: ${DEFAULT_FORMAT}\n`);
    expect(written()).toEqual({ '/b': DEFAULT_FORMAT });
  });

  test('tells of deliveries that fail, of fields that are not known, of S3 and of Firehose', async () => {
    const s3 = { logDestinationType: 's3', logDestination: 'arn:aws:s3:::bucket', logGroupName: '' };
    const firehose = {
      logDestinationType: 'kinesis-data-firehose',
      logDestination: 'arn:aws:firehose:::d',
      logGroupName: '',
    };
    const failed = { deliverLogsStatus: 'FAILED', deliverLogsErrorMessage: 'Access error' };
    server.answer(() =>
      page([
        item('fl-1', '/a', `${CUSTOM} \${mood}`, failed),
        item('fl-2', '/b', CUSTOM, { flowLogStatus: 'DELETING' }),
        item('fl-3', '', CUSTOM, s3),
        item('fl-4', '', CUSTOM, firehose),
      ]),
    );
    const { status, stderr } = await run(['discover']);
    expect(status).toBe(1);
    expect(stderr).toContain('fl-1 of vpc-0a in eu-west-1: its delivery fails: Access error\n');
    expect(stderr).toContain('fl-2 of vpc-0a in eu-west-1: it is not active\n');
    expect(stderr).toContain('${mood} (/a): this version does not know it; pass --unknown-fields skip');
    expect(stderr).toMatch(/fl-4 .* goes to Firehose \(arn:aws:firehose:::d\).*vpcflow-format.*--format/);
    expect(stderr).toContain('1 flow log to S3: the objects say themselves what they hold\n');
    expect(written()).toEqual({ '/a': `${CUSTOM} \${mood}`, '/b': CUSTOM });
    const skipped = await run(['discover', '--unknown-fields', 'skip']);
    expect(skipped.status).toBe(0);
    expect(skipped.stderr).toContain('${mood} (/a): this version does not know it; it is left out\n');
    server.answer(() => page([item('fl-2', '/b', CUSTOM)]));
    const stays = await run(['discover']); // it is the file that nobody could read
    expect([stays.status, stays.stderr]).toEqual([1, expect.stringContaining('${mood} (/a)')]);
    const known = await run(['check', '--unknown-fields', 'skip']);
    expect(known).toMatchObject({ status: 0, stdout: '/a: 4 fields, without mood\n/b: 3 fields\n' });
  });

  test('takes on a role, with its external id', async () => {
    const role = 'arn:aws:iam::123456789012:role/reader';
    server.answer(({ parameters }) => {
      if (parameters.Action !== 'AssumeRole') return page([item('fl-1', '/a')]);
      const credentials =
        '<AccessKeyId>assumed</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>';
      const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
      return { status: 200, body };
    });
    expect(await run(['discover', '--role', role, '--external-id', 'e1'])).toMatchObject({ status: 0 });
    expect(server.asked.map(({ accessKey, parameters }) => [parameters.Action, accessKey])).toEqual([
      ['AssumeRole', 'own'],
      ['DescribeFlowLogs', 'assumed'],
    ]);
    expect(server.asked[0]?.parameters).toMatchObject({ RoleArn: role, ExternalId: 'e1' });
  });

  test('leaves no file behind when there is no flow log, nothing can be asked, or the file is none', async () => {
    server.answer(() => page([]));
    expect(await run(['discover'])).toMatchObject({ status: 0, stderr: 'no log group of a flow log was found\n' });
    server.answer(() => refusal(401, 'AuthFailure', 'AWS was not able to validate the provided access credentials'));
    const refused = await run(['discover']);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('the credentials are not valid') });
    expect(await run(['discover'], { AWS_REGION: '' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no AWS region is set; pass --regions, or set AWS_REGION (VF_SERVICE)'),
    });
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'nothing of ours');
    server.answer(() => page([item('fl-1', '/a')]));
    expect(await run(['discover'])).toMatchObject({ status: 2, stderr: expect.stringContaining('it is no JSON') });
    expect(readFileSync(path, 'utf8')).toBe('nothing of ours');
    expect(server.asked).toEqual([]);
  });
});

describe('check', () => {
  test('shows each rule, or the first that nobody should start with', async () => {
    writeFileSync(path, `{"/vpc/*": "${DEFAULT_FORMAT}", "/tgw": "${TRANSIT_GATEWAY_FORMAT}", "s3://b/*": "start"}`);
    expect(await run(['check'])).toEqual({
      ...{ status: 0, signal: null, stderr: '' },
      stdout: '/vpc/*: 14 fields, the default\n/tgw: 36 fields, the default of transit gateways\ns3://b/*: 1 field\n',
    });
    writeFileSync(path, '{}');
    expect(await run(['check'])).toMatchObject({ status: 0, stdout: 'no rule\n' });
    const directory = await runVpcflow(['formats', 'check', '--formats', folder]);
    expect(directory).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`the formats file ${folder} is a dir`),
    });
    writeFileSync(path, '{\n  "/vpc/*": "${start} ${srcadr}"\n}');
    expect(await run(['check'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(
        `${path}: line 2: the rule "/vpc/*": the format has the field '\${srcadr}', which this version does not know; the nearest one is '\${srcaddr}'`,
      ),
    });
  });
});

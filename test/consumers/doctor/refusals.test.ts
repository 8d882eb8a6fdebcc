// What real servers behind a proxy refuse becomes the permission that is missing, the policy that allows it, and no secret.
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { doctorJson, doctorTable, policyOf } from '../../../consumers/doctor/report.ts';
import { expectGolden } from '../../golden-files.ts';
import { ALL, APPLICATION, ARN, about, examined, prepareAws, reported } from './examined.ts';
import { refusal } from './guarded-aws.ts';

const TABLE = `arn:aws:dynamodb:us-east-1:123456789012:table/${APPLICATION}`;

const started = await prepareAws();
afterAll(() => started?.stop());

describe.skipIf(started === null)('a refusal', () => {
  const prepared = started!; // the suite is skipped without it
  afterEach(() => prepared.calm());

  const OBJECTS = 'arn:aws:s3:::flows/prefix/*';
  const NEEDED: readonly (readonly [string, string])[] = [
    ['kinesis:DescribeStreamSummary', ARN],
    ['kinesis:ListShards', ARN],
    ['kinesis:GetShardIterator', ARN],
    ['kinesis:GetRecords', ARN],
    ['kinesis:DescribeStreamConsumer', `${ARN}/consumer/${APPLICATION}:*`],
    ['dynamodb:Query', `${TABLE}/index/LeaseOwnerToLeaseKeyIndex`],
    ['logs:DescribeSubscriptionFilters', 'arn:aws:logs:us-east-1:123456789012:log-group:/denied:*'],
    ['s3:PutObject', OBJECTS],
    ['s3:GetObject', OBJECTS],
    ['s3:ListBucket', 'arn:aws:s3:::flows'],
    ['s3:DeleteObject', OBJECTS],
  ];

  test.for(NEEDED)('a refusal of %s is named, and nothing else', async ([action, resource]) => {
    const name = action.startsWith('s3:') ? 'AccessDenied' : 'AccessDeniedException';
    prepared.aws.rules.answers.set(action, refusal(action, name));
    const given = { ...ALL, stream: ARN, retrieval: 'fanout', 'log-group': '/denied' };
    const findings = await examined(prepared, given);
    const fixes = findings.filter(({ verdict, area }) => verdict === 'fix' && area !== 'subscription');
    const subscription = findings.filter(({ area }) => area === 'subscription');
    const found = action.startsWith('logs:') ? subscription : fixes;
    expect(found.map(({ missing }) => missing)).toEqual([[{ action, resource }]]);
    expect(policyOf(findings.flatMap(({ missing }) => missing))).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: [action], Resource: [resource] }],
    });
    // What it put into the bucket is gone, unless removing it is what was refused.
    const left = await prepared.objects.send(new ListObjectsV2Command({ Bucket: 'flows' }));
    expect(left.Contents ?? []).toHaveLength(action === 's3:DeleteObject' ? 1 : 0);
    for (const { Key } of left.Contents ?? [])
      await prepared.objects.send(new DeleteObjectCommand({ Bucket: 'flows', Key }));
  });

  const ON_TABLES: readonly (readonly [string, readonly string[]])[] = [
    ['DescribeTable', ['', '-CoordinatorState', '-WorkerMetricStats']],
    ['Scan', ['', '-CoordinatorState', '-WorkerMetricStats']],
    ['GetItem', ['', '-CoordinatorState']],
    ['PutItem', ['', '-CoordinatorState']],
    ['UpdateItem', ['', '-CoordinatorState', '-WorkerMetricStats']],
    ['DeleteItem', ['', '-CoordinatorState', '-WorkerMetricStats']],
  ];

  test.for(ON_TABLES)('a refusal of dynamodb:%s is named on each table that needs it', async ([name, suffixes]) => {
    const action = `dynamodb:${name}`;
    prepared.aws.rules.answers.set(action, refusal(action, 'AccessDeniedException'));
    const findings = await examined(prepared, ALL);
    expect(policyOf(findings.flatMap(({ missing }) => missing))?.Statement).toEqual([
      { Effect: 'Allow', Action: [action], Resource: suffixes.map((suffix) => `${TABLE}${suffix}`) },
    ]);
  });

  test('trying a permission changes no table', async () => {
    const everything = async () =>
      await Promise.all(
        ['', '-WorkerMetricStats', '-CoordinatorState'].map(async (suffix) =>
          (await prepared.tables.send(new ScanCommand({ TableName: `${APPLICATION}${suffix}` }))).Items?.toSorted(),
        ),
      );
    const before = await everything();
    await examined(prepared, ALL);
    expect(await everything()).toEqual(before);
    expect(prepared.aws.asked).toEqual(
      expect.arrayContaining(['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:Query']),
    );
    const changing = /:(Create|Delete(?!Item|Object)|Register|Deregister|Subscribe|Update(?!Item)|Put(?!Item|Object))/;
    expect(prepared.aws.asked.filter((action) => changing.test(action))).toEqual([]);
  });

  test('everything refused: each permission once, and the policy that allows them', async () => {
    const actions = [...NEEDED.map(([action]) => action), ...ON_TABLES.map(([name]) => `dynamodb:${name}`)];
    for (const action of actions) {
      const name = action.startsWith('s3:') ? 'AccessDenied' : 'AccessDeniedException';
      prepared.aws.rules.answers.set(action, refusal(action, name));
    }
    expectGolden('doctor', 'refused.out', reported(prepared, await examined(prepared, { ...ALL, stream: ARN })));
  });

  test('tables that are not there and may not be described: one policy allows their whole making', async () => {
    prepared.aws.rules.answers.set(
      'dynamodb:DescribeTable',
      refusal('dynamodb:DescribeTable', 'AccessDeniedException'),
    );
    const findings = await examined(prepared, { ...ALL, application: 'new-one', retrieval: 'fanout' });
    const untried = about(findings, 'tables').filter(({ verdict }) => verdict === 'unchecked');
    expect(untried.map(({ what }) => what)).toEqual([
      'whether new-one, new-one-WorkerMetricStats, new-one-CoordinatorState are there is not known: where not, the first start makes them, and needs dynamodb:CreateTable, DescribeTable and UpdateTable',
    ]);
    const { policy } = JSON.parse(doctorJson(findings));
    const all = [
      'CreateTable',
      'DeleteItem',
      'DescribeTable',
      'GetItem',
      'PutItem',
      'Scan',
      'UpdateItem',
      'UpdateTable',
    ];
    const table = TABLE.replace(APPLICATION, 'new-one');
    expect(policy.Statement).toContainEqual({
      Effect: 'Allow',
      Action: all.map((name) => `dynamodb:${name}`),
      Resource: [table, `${table}-CoordinatorState`],
    });
    const actions: readonly string[] = policy.Statement.flatMap(({ Action }: { Action: string[] }) => Action);
    for (const action of ['dynamodb:Query', 'kinesis:RegisterStreamConsumer', 'kinesis:SubscribeToShard'])
      expect(actions).toContain(action);
    expect(doctorTable(findings)).toContain(
      'This policy allows what was refused, and what is needed too and could not',
    );
  });

  test('what could not be tried is in no policy where nothing was refused', async () => {
    const findings = await examined(prepared, { ...ALL, application: 'new-one', retrieval: 'fanout' });
    expect(JSON.parse(doctorJson(findings))).toMatchObject({ ok: true, policy: null });
  });

  test('a stream whose name is all that is known is looked at nevertheless, by the account of the caller', async () => {
    for (const action of ['kinesis:DescribeStreamSummary', 'kinesis:GetShardIterator'])
      prepared.aws.rules.answers.set(action, refusal(action, 'AccessDeniedException'));
    const { policy } = JSON.parse(doctorJson(await examined(prepared, ALL)));
    const actions = ['kinesis:DescribeStreamSummary', 'kinesis:GetRecords', 'kinesis:GetShardIterator'];
    expect(policy.Statement).toEqual([{ Effect: 'Allow', Action: actions, Resource: [ARN] }]);
  });

  test('credentials that have expired are said once', async () => {
    for (const action of ['sts:GetCallerIdentity', 'kinesis:DescribeStreamSummary', 's3:PutObject'])
      prepared.aws.rules.answers.set(
        action,
        refusal(action, action.startsWith('s3:') ? 'ExpiredToken' : 'ExpiredTokenException'),
      );
    expectGolden('doctor', 'expired.out', reported(prepared, await examined(prepared, ALL)));
  });

  test('a signature that is refused for its time is the clock, not the credentials', async () => {
    const message = 'Signature expired: 20261120T040000Z is now earlier than 20261120T050000Z';
    prepared.aws.rules.answers.set(
      'sts:GetCallerIdentity',
      refusal('sts:GetCallerIdentity', 'SignatureDoesNotMatch', message),
    );
    const [finding] = about(await examined(prepared, ALL), 'identity');
    expect(finding?.verdict).toBe('fix');
    expect(finding?.remedy).toBe('set the clock of this host, with NTP');
  });

  test('a KMS key that refuses is told from a stream that does', async () => {
    prepared.aws.rules.answers.set(
      'kinesis:GetRecords',
      refusal('kinesis:GetRecords', 'KMSAccessDeniedException', 'the ciphertext'),
    );
    const [finding] = about(await examined(prepared, ALL), 'reading');
    expect(finding?.remedy).toBe('allow kms:Decrypt on the key, in its policy too');
  });

  test('what the service says is missing is what is asked for: a key of the bucket, another table', async () => {
    const key = 'arn:aws:kms:us-east-1:123456789012:key/1111-2222';
    const message = `User: arn:aws:sts::123456789012:assumed-role/vpcflow/i-1 is not authorized to perform: kms:GenerateDataKey on resource: ${key} because no identity-based policy allows the kms:GenerateDataKey action`;
    prepared.aws.rules.answers.set('s3:PutObject', refusal('s3:PutObject', 'AccessDenied', message));
    const findings = await examined(prepared, ALL);
    expect(findings.flatMap(({ missing }) => missing)).toEqual([{ action: 'kms:GenerateDataKey', resource: key }]);
  });

  test('what is missing is not missing for the one object only that it was tried on', async () => {
    const object = 'arn:aws:s3:::flows/prefix/doctor-1.txt';
    const message = `User: arn:aws:sts::123456789012:assumed-role/vpcflow/i-1 is not authorized to perform: s3:PutObject on resource: "${object}" because no identity-based policy allows the s3:PutObject action`;
    prepared.aws.rules.answers.set('s3:PutObject', refusal('s3:PutObject', 'AccessDenied', message));
    const findings = await examined(prepared, ALL);
    expect(findings.flatMap(({ missing }) => missing)).toEqual([{ action: 's3:PutObject', resource: OBJECTS }]);
  });

  test('each action on each table is named, whatever the service says of the first', async () => {
    const message = `User: me is not authorized to perform: dynamodb:DescribeTable on resource: ${TABLE}`;
    for (const name of ['DescribeTable', 'Scan'])
      prepared.aws.rules.answers.set(`dynamodb:${name}`, refusal(`dynamodb:${name}`, 'AccessDeniedException', message));
    const findings = about(await examined(prepared, ALL), 'tables').filter(({ verdict }) => verdict === 'fix');
    expect(findings.flatMap(({ missing }) => missing)).toEqual(
      ['', '-WorkerMetricStats', '-CoordinatorState'].flatMap((suffix) =>
        ['DescribeTable', 'Scan'].map((name) => ({ action: `dynamodb:${name}`, resource: `${TABLE}${suffix}` })),
      ),
    );
  });

  test('the account of a stream is the one that the refusal names', async () => {
    const other = ARN.replace('123456789012', '999988887777');
    const action = 'kinesis:DescribeStreamSummary';
    const message = `User: me is not authorized to perform: ${action} on resource: ${other}`;
    prepared.aws.rules.answers.set(action, refusal(action, 'AccessDeniedException', message));
    const [finding] = about(await examined(prepared, ALL), 'stream');
    expect(finding?.missing).toEqual([{ action, resource: other }]);
  });

  test('an explicit deny is not cured by allowing', async () => {
    const message =
      'is not authorized to perform: kinesis:ListShards with an explicit deny in a service control policy';
    prepared.aws.rules.answers.set(
      'kinesis:ListShards',
      refusal('kinesis:ListShards', 'AccessDeniedException', message),
    );
    const [finding] = about(await examined(prepared, ALL), 'stream').filter(({ verdict }) => verdict === 'fix');
    expect(finding?.remedy).toMatch(/^an explicit deny in a service control policy forbids it/);
  });

  test('no secret is ever printed', async () => {
    const secret = prepared.aws.environment.AWS_SECRET_ACCESS_KEY ?? '';
    const message = `The Canonical String should have been x-amz-security-token:${secret}`;
    for (const [action, name] of [
      ['sts:GetCallerIdentity', 'SignatureDoesNotMatch'],
      ['kinesis:DescribeStreamSummary', 'InvalidSignatureException'],
      ['s3:PutObject', 'InternalServiceError'],
    ] as const)
      prepared.aws.rules.answers.set(action, refusal(action, name, message));
    const printed = doctorTable(await examined(prepared, ALL));
    expect(printed).toContain('the credentials are not valid (InvalidSignatureException)');
    expect(printed).not.toContain(secret);
    expect(printed.match(/Canonical/g) ?? []).toHaveLength(0);
  });
});

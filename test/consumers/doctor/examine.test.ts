// `vpcflow doctor` on real servers: what it says when all is well, and about each single thing that is not.
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutSubscriptionFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  IncreaseStreamRetentionPeriodCommand,
  KinesisClient,
  ListShardsCommand,
  type Shard,
  StartStreamEncryptionCommand,
} from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../../consumers/doctor/check.ts';
import { doctorTable, policyOf } from '../../../consumers/doctor/report.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { localClient } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { expectGolden } from '../../golden-files.ts';
import { type Aws, examined, HANG_LIMIT, refusal, startAws } from './examined.ts';
import { createTables, putLeases } from './library-tables.ts';

const aws: Aws | null = await startAws();
afterAll(() => aws?.stop());

const ARN = 'arn:aws:kinesis:us-east-1:123456789012:stream/flows';
const APPLICATION = 'vpcflow-digest-flows';
const TABLE = `arn:aws:dynamodb:us-east-1:123456789012:table/${APPLICATION}`;

/** Without what differs between machines and runs. */
const normal = (findings: readonly Finding[]): string =>
  doctorTable(findings)
    .replaceAll(aws?.directory ?? '', 'DIR')
    .replaceAll(process.version, 'v24.18.0')
    .replace(/within \d+ s of/, 'within 5 s of');

const about = (findings: readonly Finding[], area: string): readonly Finding[] =>
  findings.filter((finding) => finding.area === area);

describe.skipIf(aws === null)('the doctor', () => {
  // The suite is skipped without the servers.
  const world = aws!;
  let streams: KinesisClient;
  let tables: DynamoDBClient;
  let logs: CloudWatchLogsClient;
  let objects: S3Client;
  let shards: readonly Shard[];

  beforeAll(async () => {
    const { credentials, region } = world.kinesis.place;
    const at = (endpoint: string) => ({ ...{ endpoint, region, credentials }, requestHandler: new NodeHttpHandler() });
    streams = localClient(world.kinesis);
    tables = new DynamoDBClient(at(world.moto.endpoint));
    logs = new CloudWatchLogsClient(at(world.moto.endpoint));
    // The bucket is its owner's alone, and the owner is who has the access key.
    const owner = { accessKeyId: 'testing', secretAccessKey: 'testing' };
    objects = new S3Client({ ...at(world.s3.endpoint), credentials: owner, forcePathStyle: true });
    await ensureStream(streams, 'flows', 2, systemClock);
    await ensureStream(streams, 'kept', 1, systemClock);
    shards = (await streams.send(new ListShardsCommand({ StreamName: 'flows' }))).Shards ?? [];
    await objects.send(new CreateBucketCommand({ Bucket: 'flows' }));
    await createTables(tables, APPLICATION);
    // The subscriptions lead to a stream of the same ARN: each stand-in knows only its own streams.
    const known = new KinesisClient(at(world.moto.endpoint));
    await ensureStream(known, 'flows', 1, systemClock);
    await ensureStream(known, 'other', 1, systemClock);
    known.destroy();
  });
  afterAll(() => {
    for (const client of [streams, tables, logs, objects]) client?.destroy();
  });
  afterEach(() => {
    world.rules.answers.clear();
    world.rules.hang.clear();
    world.rules.ahead = 0;
    world.rules.before = async () => undefined;
    world.asked.length = 0;
  });

  const ALL = { stream: 'flows', engine: 'kcl', store: 's3://flows/prefix' };
  const subscribe = async (group: string, destination: string): Promise<void> => {
    await logs.send(new CreateLogGroupCommand({ logGroupName: group }));
    await logs.send(
      new PutSubscriptionFilterCommand({
        ...{ logGroupName: group, filterName: 'to-vpcflow', filterPattern: '', distribution: 'ByLogStream' },
        destinationArn: `arn:aws:kinesis:us-east-1:123456789012:stream/${destination}`,
        roleArn: 'arn:aws:iam::123456789012:role/logs',
      }),
    );
  };

  test('before the first start: nothing to fix, and what is not there yet', async () => {
    const findings = await examined(world, { ...ALL, application: 'new-application', retrieval: 'fanout' });
    expectGolden('doctor', 'first-start.out', normal(findings));
  });

  test('with workers that run: who reads what', async () => {
    await subscribe('/vpc/flows', 'flows');
    const [first, second] = shards;
    const lease = (shard: Shard | undefined, owner: string, counter: number) => ({
      ...{ shard: shard?.ShardId ?? '', owner, counter, from: shard?.HashKeyRange?.StartingHashKey },
      checkpoint: shard?.SequenceNumberRange?.StartingSequenceNumber ?? '',
    });
    let renewed = 0;
    const renew = async (): Promise<void> => {
      renewed += 1;
      await putLeases(tables, APPLICATION, [lease(first, 'host-a', renewed), lease(second, 'host-b', 7)]);
    };
    await renew();
    // One worker lives: whenever somebody looks it has renewed its lease.
    world.rules.before = async (action) => {
      if (action === 'dynamodb:Scan') await renew();
    };
    const findings = await examined(world, { ...ALL, 'worker-id': 'host-a', 'log-group': '/vpc/*' });
    expectGolden('doctor', 'running.out', normal(findings));
  });

  test('leases of another stream under the same application are something to fix', async () => {
    await createTables(tables, 'shared-name');
    await putLeases(tables, 'shared-name', [
      { shard: 'shardId-000000000017', checkpoint: 'TRIM_HORIZON' },
      { shard: shards[0]?.ShardId ?? '', checkpoint: '17', from: shards[0]?.HashKeyRange?.StartingHashKey },
    ]);
    const [finding, ...more] = about(await examined(world, { ...ALL, application: 'shared-name' }), 'leases');
    expect(more).toEqual([]);
    expect(finding?.verdict).toBe('fix');
    expect(finding?.what).toBe(
      'shared-name has leases that are not of flows: shardId-000000000000 (its checkpoint is older than the shard), shardId-000000000017 (the stream has no such shard)',
    );
  });

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
    world.rules.answers.set(action, refusal(action, name));
    const given = { ...ALL, stream: ARN, retrieval: 'fanout', 'log-group': '/denied' };
    const findings = await examined(world, given);
    const fixes = findings.filter(({ verdict, area }) => verdict === 'fix' && area !== 'subscription');
    const subscription = findings.filter(({ area }) => area === 'subscription');
    const found = action.startsWith('logs:') ? subscription : fixes;
    expect(found.map(({ missing }) => missing)).toEqual([[{ action, resource }]]);
    expect(policyOf(findings.flatMap(({ missing }) => missing))).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: [action], Resource: [resource] }],
    });
    // What it put into the bucket is gone, unless removing it is what was refused.
    const left = await objects.send(new ListObjectsV2Command({ Bucket: 'flows' }));
    expect(left.Contents ?? []).toHaveLength(action === 's3:DeleteObject' ? 1 : 0);
    for (const { Key } of left.Contents ?? []) await objects.send(new DeleteObjectCommand({ Bucket: 'flows', Key }));
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
    world.rules.answers.set(action, refusal(action, 'AccessDeniedException'));
    const findings = await examined(world, ALL);
    expect(policyOf(findings.flatMap(({ missing }) => missing))?.Statement).toEqual([
      { Effect: 'Allow', Action: [action], Resource: suffixes.map((suffix) => `${TABLE}${suffix}`) },
    ]);
  });

  test('trying a permission changes no table', async () => {
    const everything = async () =>
      await Promise.all(
        ['', '-WorkerMetricStats', '-CoordinatorState'].map(async (suffix) =>
          (await tables.send(new ScanCommand({ TableName: `${APPLICATION}${suffix}` }))).Items?.toSorted(),
        ),
      );
    const before = await everything();
    await examined(world, ALL);
    expect(await everything()).toEqual(before);
    expect(world.asked).toEqual(expect.arrayContaining(['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:Query']));
    const changing = /:(Create|Delete(?!Item|Object)|Register|Deregister|Subscribe|Update(?!Item)|Put(?!Item|Object))/;
    expect(world.asked.filter((action) => changing.test(action))).toEqual([]);
  });

  test('everything refused: each permission once, and the policy that allows them', async () => {
    const actions = [...NEEDED.map(([action]) => action), ...ON_TABLES.map(([name]) => `dynamodb:${name}`)];
    for (const action of actions) {
      const name = action.startsWith('s3:') ? 'AccessDenied' : 'AccessDeniedException';
      world.rules.answers.set(action, refusal(action, name));
    }
    expectGolden('doctor', 'refused.out', normal(await examined(world, { ...ALL, stream: ARN })));
  });

  test('credentials that have expired are said once', async () => {
    for (const action of ['sts:GetCallerIdentity', 'kinesis:DescribeStreamSummary', 's3:PutObject'])
      world.rules.answers.set(
        action,
        refusal(action, action.startsWith('s3:') ? 'ExpiredToken' : 'ExpiredTokenException'),
      );
    expectGolden('doctor', 'expired.out', normal(await examined(world, ALL)));
  });

  test.for(['kinesis:DescribeStreamSummary', 'dynamodb:DescribeTable', 's3:PutObject', 'kinesis:GetRecords'])(
    'a service that hangs at %s is a finding, and everything else is still looked at',
    { timeout: 30_000 },
    async (action) => {
      world.rules.hang.add(action);
      const findings = await examined(world, ALL, HANG_LIMIT);
      const fixes = findings.filter(({ verdict }) => verdict === 'fix');
      expect(fixes.map(({ what }) => what)).toEqual([expect.stringMatching(/no answer within 75 s|TimeoutError/)]);
      expect(about(findings, 'identity').map(({ verdict }) => verdict)).toEqual(['ok']);
      expect(about(findings, 'clock').map(({ verdict }) => verdict)).toEqual(['ok']);
    },
  );

  test.for([
    [30_000, 'ok'],
    [-120_000, 'warn'],
    [3_600_000, 'fix'],
    [-3_600_000, 'fix'],
  ] as const)('a clock that is %i ms behind is %s', async ([ahead, verdict]) => {
    world.rules.ahead = ahead;
    const [finding] = about(await examined(world, ALL), 'clock');
    expect(finding?.verdict).toBe(verdict);
    if (verdict !== 'ok')
      expect(finding?.what).toContain(`${Math.abs(ahead) / 60_000} min ${ahead > 0 ? 'behind' : 'ahead of'}`);
  });

  test('a signature that is refused for its time is the clock, not the credentials', async () => {
    const message = 'Signature expired: 20261120T040000Z is now earlier than 20261120T050000Z';
    world.rules.answers.set(
      'sts:GetCallerIdentity',
      refusal('sts:GetCallerIdentity', 'SignatureDoesNotMatch', message),
    );
    const [finding] = about(await examined(world, ALL), 'identity');
    expect(finding?.verdict).toBe('fix');
    expect(finding?.remedy).toBe('set the clock of this host, with NTP');
  });

  test('a KMS key that refuses is told from a stream that does', async () => {
    world.rules.answers.set(
      'kinesis:GetRecords',
      refusal('kinesis:GetRecords', 'KMSAccessDeniedException', 'the ciphertext'),
    );
    const [finding] = about(await examined(world, ALL), 'reading');
    expect(finding?.remedy).toBe('allow kms:Decrypt on the key, in its policy too');
  });

  test('what the service says is missing is what is asked for: a key of the bucket, another table', async () => {
    const key = 'arn:aws:kms:us-east-1:123456789012:key/1111-2222';
    const message = `User: arn:aws:sts::123456789012:assumed-role/vpcflow/i-1 is not authorized to perform: kms:GenerateDataKey on resource: ${key} because no identity-based policy allows the kms:GenerateDataKey action`;
    world.rules.answers.set('s3:PutObject', refusal('s3:PutObject', 'AccessDenied', message));
    const findings = await examined(world, ALL);
    expect(findings.flatMap(({ missing }) => missing)).toEqual([{ action: 'kms:GenerateDataKey', resource: key }]);
  });

  test('an explicit deny is not cured by allowing', async () => {
    const message =
      'is not authorized to perform: kinesis:ListShards with an explicit deny in a service control policy';
    world.rules.answers.set('kinesis:ListShards', refusal('kinesis:ListShards', 'AccessDeniedException', message));
    const [finding] = about(await examined(world, ALL), 'stream').filter(({ verdict }) => verdict === 'fix');
    expect(finding?.remedy).toMatch(/^an explicit deny in a service control policy forbids it/);
  });

  test('a stream with encryption and a long retention has nothing to consider', async () => {
    const encrypt = { StreamName: 'kept', EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' } as const;
    await streams.send(new StartStreamEncryptionCommand(encrypt));
    await ensureStream(streams, 'kept', 1, systemClock); // active again
    await streams.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: 'kept', RetentionPeriodHours: 168 }));
    const findings = about(await examined(world, { stream: 'kept', store: world.directory }), 'stream');
    expect(findings.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok']);
    expect(findings.map(({ what }) => what)).toContain('kept keeps records for 168 h: an outage may last that long');
  });

  test('a stream that is not there, or is no stream, is one thing to fix', async () => {
    const none = await examined(world, { stream: 'nowhere', store: world.directory });
    expect(about(none, 'stream').map(({ what }) => what)).toEqual(['there is no stream nowhere in us-east-1']);
    const bad = await examined(world, { stream: 'arn:aws:s3:::flows', store: world.directory });
    expect(about(bad, 'stream').map(({ verdict }) => verdict)).toEqual(['fix']);
  });

  test('a table that is not the library’s is refused as an application', async () => {
    await createTables(tables, 'misnamed');
    const findings = await examined(world, { ...ALL, application: 'misnamed-WorkerMetricStats' });
    const [finding] = about(findings, 'tables');
    expect(finding?.what).toMatch(/^misnamed-WorkerMetricStats is a table with the key wid, not leaseKey/);
    expect(finding?.remedy).toBe('choose another --application');
  });

  test('subscriptions: Random distribution, another destination, none, and a group that is not there', async () => {
    await subscribe('/other/flows', 'other');
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/none/flows' }));
    const subscription = async (group: string): Promise<Finding | undefined> => {
      const given = { stream: 'flows', store: world.directory, 'log-group': group };
      const found = about(await examined(world, given), 'subscription');
      expect(found).toHaveLength(1);
      return found[0];
    };
    // The stand-in for CloudWatch Logs forgets how a filter distributes: its answer as the service gives it.
    const filter = {
      filterName: 'f',
      logGroupName: '/random',
      filterPattern: '',
      destinationArn: ARN,
      distribution: 'Random',
    };
    world.rules.answers.set('logs:DescribeSubscriptionFilters', {
      ...{ status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' } },
      body: Buffer.from(JSON.stringify({ subscriptionFilters: [filter] })),
    });
    expect(await subscription('/random')).toMatchObject({
      verdict: 'warn',
      what: expect.stringContaining('with Random distribution: a redelivery to another shard'),
    });
    world.rules.answers.clear();
    expect(await subscription('/other/*')).toMatchObject({
      verdict: 'fix',
      what: '/other/flows does not feed flows: it leads to arn:aws:kinesis:us-east-1:123456789012:stream/other',
      remedy: expect.stringContaining(`--destination-arn ${ARN} --distribution ByLogStream`),
    });
    expect((await subscription('/none/flows'))?.what).toBe('/none/flows does not feed flows: it has no subscription');
    expect((await subscription('/absent'))?.what).toBe('there is no log group /absent in us-east-1');
    expect((await subscription('/absent*'))?.what).toBe('no log group of us-east-1 matches /absent*');
  });

  test('a bucket that is not there is one thing to fix', async () => {
    const found = about(await examined(world, { store: 's3://missing/prefix' }), 'store');
    expect(found.map(({ what }) => what)).toEqual(['s3://missing/prefix: there is no such bucket']);
  });

  test('no secret is ever printed', async () => {
    const secret = world.environment.AWS_SECRET_ACCESS_KEY ?? '';
    const message = `The Canonical String should have been x-amz-security-token:${secret}`;
    for (const [action, name] of [
      ['sts:GetCallerIdentity', 'SignatureDoesNotMatch'],
      ['kinesis:DescribeStreamSummary', 'InvalidSignatureException'],
      ['s3:PutObject', 'InternalServiceError'],
    ] as const)
      world.rules.answers.set(action, refusal(action, name, message));
    const printed = doctorTable(await examined(world, ALL));
    expect(printed).toContain('the credentials are not valid (InvalidSignatureException)');
    expect(printed).not.toContain(secret);
    expect(printed.match(/Canonical/g) ?? []).toHaveLength(0);
  });
});

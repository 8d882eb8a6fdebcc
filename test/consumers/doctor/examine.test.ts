// `vpcflow doctor` on real servers: what it says when all is well, and of streams, tables, clocks and stores that are not.
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  IncreaseStreamRetentionPeriodCommand,
  type Shard,
  StartStreamEncryptionCommand,
} from '@aws-sdk/client-kinesis';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../../consumers/doctor/check.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { expectGolden } from '../../golden-files.ts';
import { ALL, APPLICATION, ARN, about, examined, HANG_LIMIT, prepareAws, reported, subscribe } from './examined.ts';
import { refusal } from './guarded-aws.ts';
import { createTables, putLeases } from './library-tables.ts';

const started = await prepareAws();
afterAll(() => started?.stop());

describe.skipIf(started === null)('the doctor', () => {
  const prepared = started!; // the suite is skipped without it
  afterEach(() => prepared.calm());

  test('before the first start: nothing to fix, and what is not there yet', async () => {
    const findings = await examined(prepared, { ...ALL, application: 'new-application', retrieval: 'fanout' });
    expectGolden('doctor', 'first-start.out', reported(prepared, findings));
  });

  test('with workers that run: who reads what', async () => {
    await subscribe(prepared, '/vpc/flows', 'flows');
    const [first, second] = prepared.shards;
    const lease = (shard: Shard | undefined, owner: string, counter: number) => ({
      ...{ shard: shard?.ShardId ?? '', owner, counter, from: shard?.HashKeyRange?.StartingHashKey },
      checkpoint: shard?.SequenceNumberRange?.StartingSequenceNumber ?? '',
    });
    let renewed = 0;
    const renew = async (): Promise<void> => {
      renewed += 1;
      await putLeases(prepared.tables, APPLICATION, [lease(first, 'host-a', renewed), lease(second, 'host-b', 7)]);
    };
    await renew();
    // One worker lives: whenever somebody looks it has renewed its lease.
    prepared.aws.rules.before = async (action) => {
      if (action === 'dynamodb:Scan') await renew();
    };
    const findings = await examined(prepared, { ...ALL, 'worker-id': 'host-a', 'log-group': '/vpc/*' });
    expectGolden('doctor', 'running.out', reported(prepared, findings));
  });

  test('leases of another stream under the same application are something to fix', async () => {
    await createTables(prepared.tables, 'shared-name');
    await putLeases(prepared.tables, 'shared-name', [
      { shard: 'shardId-000000000017', checkpoint: 'TRIM_HORIZON' },
      {
        shard: prepared.shards[0]?.ShardId ?? '',
        checkpoint: '17',
        from: prepared.shards[0]?.HashKeyRange?.StartingHashKey,
      },
    ]);
    const [finding, ...more] = about(await examined(prepared, { ...ALL, application: 'shared-name' }), 'leases');
    expect(more).toEqual([]);
    expect(finding?.verdict).toBe('fix');
    expect(finding?.what).toBe(
      'shared-name has leases that are not of flows: shardId-000000000000 (its checkpoint is older than the shard), shardId-000000000017 (the stream has no such shard)',
    );
  });

  test.for(['kinesis:DescribeStreamSummary', 'dynamodb:DescribeTable', 's3:PutObject', 'kinesis:GetRecords'])(
    'a service that hangs at %s is a finding, and everything else is still looked at',
    { timeout: 30_000 },
    async (action) => {
      prepared.aws.rules.hang.add(action);
      const findings = await examined(prepared, ALL, HANG_LIMIT);
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
    prepared.aws.rules.ahead = ahead;
    const [finding] = about(await examined(prepared, ALL), 'clock');
    expect(finding?.verdict).toBe(verdict);
    if (verdict !== 'ok')
      expect(finding?.what).toContain(`${Math.abs(ahead) / 60_000} min ${ahead > 0 ? 'behind' : 'ahead of'}`);
  });

  test('a stream with encryption and a long retention has nothing to consider', async () => {
    const encrypt = { StreamName: 'kept', EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' } as const;
    await prepared.streams.send(new StartStreamEncryptionCommand(encrypt));
    await ensureStream(prepared.streams, 'kept', 1, systemClock); // active again
    await prepared.streams.send(
      new IncreaseStreamRetentionPeriodCommand({ StreamName: 'kept', RetentionPeriodHours: 168 }),
    );
    const findings = about(await examined(prepared, { stream: 'kept', store: prepared.aws.directory }), 'stream');
    expect(findings.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok']);
    expect(findings.map(({ what }) => what)).toContain('kept keeps records for 168 h: an outage may last that long');
  });

  test('a stream that is not there, or is no stream, is one thing to fix', async () => {
    const none = await examined(prepared, { stream: 'nowhere', store: prepared.aws.directory });
    expect(about(none, 'stream').map(({ what }) => what)).toEqual(['there is no stream nowhere in us-east-1']);
    const bad = await examined(prepared, { stream: 'arn:aws:s3:::flows', store: prepared.aws.directory });
    expect(about(bad, 'stream').map(({ verdict }) => verdict)).toEqual(['fix']);
  });

  test('a stream in another region than the one that is set is looked at where it is', async () => {
    const far = { ...ALL, stream: ARN.replace('us-east-1', 'eu-west-1'), store: prepared.aws.directory };
    const asked = new Set<string>();
    prepared.aws.rules.before = async (action, region) => void asked.add(`${action.split(':')[0]} ${region}`);
    // The stand-in has no such stream; one that may not be described is looked at all the same.
    const action = 'kinesis:DescribeStreamSummary';
    prepared.aws.rules.answers.set(action, refusal(action, 'AccessDeniedException'));
    await examined(prepared, far);
    expect([...asked].sort()).toEqual(['dynamodb eu-west-1', 'kinesis eu-west-1', 'sts eu-west-1']);
  });

  test('a table that is not the library’s is refused as an application', async () => {
    await createTables(prepared.tables, 'misnamed');
    const findings = await examined(prepared, { ...ALL, application: 'misnamed-WorkerMetricStats' });
    const [finding] = about(findings, 'tables');
    expect(finding?.what).toMatch(/^misnamed-WorkerMetricStats is a table with the key wid, not leaseKey/);
    expect(finding?.remedy).toBe('choose another --application');
  });

  test('subscriptions: Random distribution, another destination, none, and a group that is not there', async () => {
    await subscribe(prepared, '/other/flows', 'other');
    await prepared.logs.send(new CreateLogGroupCommand({ logGroupName: '/none/flows' }));
    const subscription = async (group: string): Promise<Finding | undefined> => {
      const given = { stream: 'flows', store: prepared.aws.directory, 'log-group': group };
      const found = about(await examined(prepared, given), 'subscription');
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
    prepared.aws.rules.answers.set('logs:DescribeSubscriptionFilters', {
      ...{ status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' } },
      body: Buffer.from(JSON.stringify({ subscriptionFilters: [filter] })),
    });
    expect(await subscription('/random')).toMatchObject({
      verdict: 'warn',
      what: expect.stringContaining('with Random distribution: a redelivery to another shard'),
    });
    prepared.aws.rules.answers.clear();
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
    const found = about(await examined(prepared, { store: 's3://missing/prefix' }), 'store');
    expect(found.map(({ what }) => what)).toEqual(['s3://missing/prefix: there is no such bucket']);
  });
});

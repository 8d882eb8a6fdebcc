// Tries what a worker does to read the stream, call by call: each that is refused is named as the IAM action that is missing.
import { DescribeStreamConsumerCommand, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import { applicationName } from '../shared/application.ts';
import { attempt, troubled } from './attempt.ts';
import { type Finding, fix, ok, unchecked } from './check.ts';
import { consumerOf, type Examination } from './examination.ts';
import { isOpen, type StreamFacts } from './stream-check.ts';

/** Every stream had this shard; it answers for the permission where the shards are not known. */
const FIRST_SHARD = 'shardId-000000000000';

/** Reads one record at the most, of one shard. */
const tryPolling = async (examination: Examination, { identity, shards }: StreamFacts): Promise<readonly Finding[]> => {
  const { arn, name } = identity;
  const { kinesis } = examination.clients;
  const shard = (shards ?? []).find(isOpen)?.ShardId ?? shards?.[0]?.ShardId ?? FIRST_SHARD;
  const position = { StreamARN: arn, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' } as const;
  const iterator = await attempt(examination, (abortSignal) =>
    kinesis.send(new GetShardIteratorCommand(position), { abortSignal }),
  );
  if ('trouble' in iterator) {
    const untried = unchecked('reading', 'kinesis:GetRecords cannot be tried without an iterator of a shard', [
      { action: 'kinesis:GetRecords', resource: arn },
    ]);
    if (iterator.trouble.kind === 'absent' && shards === null) return [untried];
    const permission = { action: 'kinesis:GetShardIterator', resource: arn };
    return [troubled('reading', `shard ${shard} gives no iterator`, iterator.trouble, permission), untried];
  }
  const request = { StreamARN: arn, ShardIterator: iterator.value.ShardIterator, Limit: 1 };
  const read = await attempt(examination, (abortSignal) =>
    kinesis.send(new GetRecordsCommand(request), { abortSignal }),
  );
  if ('trouble' in read) {
    const permission = { action: 'kinesis:GetRecords', resource: arn };
    return [troubled('reading', `shard ${shard} cannot be read`, read.trouble, permission)];
  }
  return [ok('reading', `kinesis:GetShardIterator and GetRecords work on shard ${shard} of ${name}`)];
};

/** The library registers a consumer of the application's name at its first start; that cannot be tried without doing it. */
const tryFanout = async (examination: Examination, { identity }: StreamFacts): Promise<readonly Finding[]> => {
  const { arn, name } = identity;
  const application = applicationName(
    examination.options.application,
    'kcl',
    consumerOf(examination.options),
    identity,
  );
  const resource = `${arn}/consumer/${application}:*`;
  const subscribe = { action: 'kinesis:SubscribeToShard', resource };
  const untried = [{ action: 'kinesis:RegisterStreamConsumer', resource: arn }, subscribe];
  const described = await attempt(examination, (abortSignal) =>
    examination.clients.kinesis.send(new DescribeStreamConsumerCommand({ StreamARN: arn, ConsumerName: application }), {
      abortSignal,
    }),
  );
  if ('trouble' in described) {
    const { trouble } = described;
    if (trouble.kind === 'absent') {
      const needs = 'kinesis:RegisterStreamConsumer and SubscribeToShard, which cannot be tried without doing it';
      return [
        unchecked(
          'fanout',
          `no consumer ${application} of ${name} yet: the first start registers it, and needs ${needs}`,
          [...untried, { action: 'kinesis:DescribeStreamConsumer', resource }],
        ),
      ];
    }
    const permission = { action: 'kinesis:DescribeStreamConsumer', resource };
    const needs = 'kinesis:RegisterStreamConsumer and SubscribeToShard cannot be tried without doing it';
    return [
      troubled('fanout', `the consumer ${application} cannot be described`, trouble, permission),
      ...(trouble.kind === 'denied' ? [unchecked('fanout', needs, untried)] : []),
    ];
  }
  const status = described.value.ConsumerDescription?.ConsumerStatus ?? 'unknown';
  if (status === 'DELETING') {
    return [
      fix(
        'fanout',
        `the consumer ${application} of ${name} is being deleted`,
        'wait until it is gone, then start the worker',
      ),
    ];
  }
  return [
    ok('fanout', `the consumer ${application} of ${name} is ${status}`),
    unchecked(
      'fanout',
      `kinesis:SubscribeToShard on ${resource} cannot be tried without taking the shard from a worker`,
      [subscribe],
    ),
  ];
};

export const checkReading = async (examination: Examination, stream: StreamFacts): Promise<readonly Finding[]> => {
  const polling = await tryPolling(examination, stream);
  if (examination.options.retrieval !== 'fanout' || examination.options.engine !== 'kcl') return polling;
  return [...polling, ...(await tryFanout(examination, stream))];
};

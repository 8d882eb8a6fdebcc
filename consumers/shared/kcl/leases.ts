// Turns every checkpoint of a lease table of the Kinesis Client Library back to the oldest record of its shard.
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  paginateScan,
  ResourceNotFoundException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { adviceOf, troubleOf } from '../aws-trouble.ts';

/** A lease as the library stores it; an owner adds one to the counter every few seconds. */
interface Lease {
  readonly key: string;
  readonly owner: string | null;
  readonly counter: string;
}

/** A client that honours AWS_REGION, AWS_ENDPOINT_URL(_DYNAMODB), profiles and credentials; HTTP/1.1. */
export const dynamoClient = (region: string): DynamoDBClient =>
  new DynamoDBClient({
    region,
    maxAttempts: 5,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
    }),
  });

const leaseError = (table: string, cause: unknown): VpcflowError => {
  if (cause instanceof VpcflowError) return cause;
  const advice = adviceOf(troubleOf(cause));
  const unusable = `the lease table ${table} cannot be used`;
  if (advice !== null)
    return new VpcflowError('VF_STREAM', `${unusable}: ${advice.what}`, { cause, help: advice.remedy });
  const detail = cause instanceof Error ? `${cause.name}: ${cause.message || 'no answer'}` : String(cause);
  return new VpcflowError('VF_STREAM', `${unusable}: ${detail.replace(/\s+/g, ' ')}`, {
    cause,
    help: 'check the endpoint and permissions with `vpcflow doctor`',
  });
};

/** All leases of a table; null when there is no such table. */
const readLeases = async (client: DynamoDBClient, table: string): Promise<readonly Lease[] | null> => {
  const leases: Lease[] = [];
  try {
    for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
      for (const item of page.Items ?? []) {
        const key = item.leaseKey?.S;
        if (key === undefined) continue;
        leases.push({ key, owner: item.leaseOwner?.S ?? null, counter: item.leaseCounter?.N ?? '0' });
      }
    }
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
  return leases;
};

export interface Rewinding {
  readonly table: string;
  readonly clock: Clock;
  /** For how long a live owner may leave its lease alone: the library's failoverTimeMillis. */
  readonly failover: number; // ms
  readonly signal: AbortSignal;
}

/**
 * Moves all checkpoints back, those of ended shards too; resolves to how many there were. What is committed is skipped
 * when it is read again. Resolves to null, having changed nothing, when the signal is aborted while it waits; what has begun
 * is finished. Rejects with VF_IN_USE, having changed nothing, while a worker renews leases: it would go on from what it
 * remembers. Item format: DynamoDBLeaseSerializer of the Kinesis Client Library 3.1.
 */
export const rewindLeases = async (
  client: DynamoDBClient,
  { table, clock, failover, signal }: Rewinding,
): Promise<number | null> => {
  try {
    const before = await readLeases(client, table);
    if (before === null || before.length === 0) return 0;
    if (before.some(({ owner }) => owner !== null)) await clock.sleep(failover, signal);
    const leases = (await readLeases(client, table)) ?? [];
    if (signal.aborted) return null;
    const counters = new Map(before.map(({ key, counter }) => [key, counter]));
    const moving = leases.find(({ key, counter }) => counters.get(key) !== counter);
    if (moving !== undefined) throw inUse(table, moving);
    for (const lease of leases) await rewindLease(client, table, lease);
    return leases.length;
  } catch (error) {
    throw leaseError(table, error);
  }
};

const inUse = (table: string, { key, owner }: Lease): VpcflowError =>
  new VpcflowError('VF_IN_USE', `${owner ?? 'a worker'} holds ${key} of ${table} at this moment`, {
    help: 'stop every worker of the application before --rewind',
  });

const rewindLease = async (client: DynamoDBClient, table: string, lease: Lease): Promise<void> => {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { leaseKey: { S: lease.key } },
        UpdateExpression:
          'SET #checkpoint = :oldest, #sub = :zero REMOVE #pending, #pendingSub, #pendingState, leaseOwner',
        ConditionExpression: 'leaseCounter = :counter',
        ExpressionAttributeNames: {
          '#checkpoint': 'checkpoint',
          '#sub': 'checkpointSubSequenceNumber',
          '#pending': 'pendingCheckpoint',
          '#pendingSub': 'pendingCheckpointSubSequenceNumber',
          '#pendingState': 'pendingCheckpointState',
        },
        ExpressionAttributeValues: {
          ':oldest': { S: 'TRIM_HORIZON' },
          ':zero': { N: '0' },
          ':counter': { N: lease.counter },
        },
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw inUse(table, lease);
    throw error;
  }
};

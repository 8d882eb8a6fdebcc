// Turns the tables of the Kinesis Client Library into what a short test needs: leases that are there, a leader that is gone.
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ResourceNotFoundException,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { KinesisPlace } from '../../consumers/shared/kinesis.ts';

/** A shard and the hash keys that it takes, both ends included. */
export interface HashRange {
  readonly shard: string;
  readonly from: bigint;
  readonly to: bigint;
}

export const leaseClient = (endpoint: string, { region, credentials }: KinesisPlace): DynamoDBClient =>
  new DynamoDBClient({ endpoint, region, credentials, requestHandler: new NodeHttpHandler() });

/**
 * The lease table as the library itself makes it, with a lease for each shard. Without it the library waits for a
 * random time of up to 30 s before it makes one.
 */
export const seedLeases = async (
  client: DynamoDBClient,
  application: string,
  shards: readonly HashRange[],
): Promise<void> => {
  await client.send(
    new CreateTableCommand({
      TableName: application,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['leaseKey', 'leaseOwner'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'LeaseOwnerToLeaseKeyIndex',
          KeySchema: [
            { AttributeName: 'leaseOwner', KeyType: 'HASH' },
            { AttributeName: 'leaseKey', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  for (const { shard, from, to } of shards) {
    const Item = {
      leaseKey: { S: shard },
      leaseCounter: { N: '0' },
      ownerSwitchesSinceCheckpoint: { N: '0' },
      checkpoint: { S: 'TRIM_HORIZON' },
      checkpointSubSequenceNumber: { N: '0' },
      startingHashKey: { S: String(from) },
      endingHashKey: { S: String(to) },
    };
    await client.send(new PutItemCommand({ TableName: application, Item }));
  }
};

/** Deletes the lock of a leader that died: another worker would wait 120 s for it, which is fixed in the library. */
export const forgetLeader = async (client: DynamoDBClient, application: string): Promise<void> => {
  const TableName = `${application}-CoordinatorState`;
  try {
    await client.send(new DeleteItemCommand({ TableName, Key: { key: { S: 'Leader' } } }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
};

export interface Lease {
  readonly owner: string | null;
  readonly checkpoint: string;
}

/** Who has which shard, and how far it is. */
export const readLeases = async (client: DynamoDBClient, application: string): Promise<ReadonlyMap<string, Lease>> => {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: application, ConsistentRead: true }));
  return new Map(
    Items.flatMap(({ leaseKey, leaseOwner, checkpoint }) =>
      leaseKey?.S === undefined
        ? []
        : [[leaseKey.S, { owner: leaseOwner?.S ?? null, checkpoint: checkpoint?.S ?? '' }]],
    ),
  );
};

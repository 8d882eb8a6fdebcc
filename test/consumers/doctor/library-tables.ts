// Turns leases into the three DynamoDB tables as the Kinesis Client Library makes and fills them.
import { CreateTableCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

export interface Lease {
  readonly shard: string;
  readonly owner?: string | undefined;
  readonly counter?: number | undefined;
  readonly checkpoint: string;
  readonly from?: string | undefined; // starting hash key
}

const create = async (client: DynamoDBClient, name: string, key: string, indexed: boolean): Promise<void> => {
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });
  const index = {
    IndexName: 'LeaseOwnerToLeaseKeyIndex',
    KeySchema: [
      { AttributeName: 'leaseOwner', KeyType: 'HASH' as const },
      { AttributeName: 'leaseKey', KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  };
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
      AttributeDefinitions: [attribute(key), ...(indexed ? [attribute('leaseOwner')] : [])],
      ...(indexed ? { GlobalSecondaryIndexes: [index] } : {}),
    }),
  );
};

export const createTables = async (client: DynamoDBClient, application: string): Promise<void> => {
  await create(client, application, 'leaseKey', true);
  await create(client, `${application}-WorkerMetricStats`, 'wid', false);
  await create(client, `${application}-CoordinatorState`, 'key', false);
};

/** Puts leases, over those of the same shards. */
export const putLeases = async (
  client: DynamoDBClient,
  application: string,
  leases: readonly Lease[],
): Promise<void> => {
  for (const { shard, owner, counter = 0, checkpoint, from } of leases) {
    const Item = {
      leaseKey: { S: shard },
      leaseCounter: { N: String(counter) },
      checkpoint: { S: checkpoint },
      checkpointSubSequenceNumber: { N: '0' },
      ownerSwitchesSinceCheckpoint: { N: '0' },
      ...(owner === undefined ? {} : { leaseOwner: { S: owner } }),
      ...(from === undefined ? {} : { startingHashKey: { S: from }, endingHashKey: { S: from } }),
    };
    await client.send(new PutItemCommand({ TableName: application, Item }));
  }
};

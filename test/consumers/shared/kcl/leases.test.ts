// A rewind of a lease table, on a real DynamoDB API: all checkpoints at once, and never beside a worker that lives.
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rewindLeases } from '../../../../consumers/shared/kcl/leases.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { type MotoServer, startMotoServer } from '../../../moto-server.ts';

const server: MotoServer | null = await startMotoServer();
afterAll(() => server?.stop());
/** Of a worker that nobody tells to stop. */
const running = new AbortController().signal;

describe.skipIf(server === null)('the checkpoints of an application', () => {
  let client: DynamoDBClient;
  beforeAll(() => {
    client = new DynamoDBClient({
      endpoint: server?.endpoint ?? '',
      region: 'us-east-1',
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    });
  });
  afterAll(() => client.destroy());

  const create = async (table: string): Promise<void> => {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'leaseKey', AttributeType: 'S' }],
      }),
    );
  };
  const put = async (table: string, shard: string, checkpoint: string, counter: number): Promise<void> => {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          leaseKey: { S: shard },
          leaseOwner: { S: 'host-1' },
          leaseCounter: { N: String(counter) },
          checkpoint: { S: checkpoint },
          checkpointSubSequenceNumber: { N: '3' },
          pendingCheckpoint: { S: '17' },
          startingHashKey: { S: '0' },
        },
      }),
    );
  };
  type Checkpoint = readonly [shard: string, checkpoint: string, sub: string, item: Readonly<Record<string, unknown>>];
  const checkpoints = async (table: string): Promise<readonly Checkpoint[]> => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    const found = Items.map((item): Checkpoint => {
      const { leaseKey, checkpoint, checkpointSubSequenceNumber } = item;
      return [leaseKey?.S ?? '', checkpoint?.S ?? '', checkpointSubSequenceNumber?.N ?? '', item];
    });
    return found.sort(([a], [b]) => (a < b ? -1 : 1));
  };

  test('go back to the oldest record, those of ended shards too, and nothing else of a lease is touched', async () => {
    await create('rewound');
    await put('rewound', 'shardId-0', '49600000000000000000000000000000000000000000000000000001', 7);
    await put('rewound', 'shardId-1', 'SHARD_END', 9);
    const clock = new ManualClock(0);
    const rewound = rewindLeases(client, { table: 'rewound', clock, failover: 10_000, signal: running });
    await clock.untilSleeping();
    await clock.advance(10_000);
    expect(await rewound).toBe(2);
    expect(await checkpoints('rewound')).toMatchObject([
      ['shardId-0', 'TRIM_HORIZON', '0', { leaseCounter: { N: '7' }, startingHashKey: { S: '0' } }],
      ['shardId-1', 'TRIM_HORIZON', '0', { leaseCounter: { N: '9' } }],
    ]);
    for (const [, , , item] of await checkpoints('rewound')) {
      expect(item).not.toHaveProperty('pendingCheckpoint');
      expect(item).not.toHaveProperty('leaseOwner');
    }
  });

  test('stay where they are while a worker renews a lease', async () => {
    await create('busy');
    await put('busy', 'shardId-0', '17', 7);
    await put('busy', 'shardId-1', '18', 7);
    const clock = new ManualClock(0);
    const refused = expect(
      rewindLeases(client, { table: 'busy', clock, failover: 10_000, signal: running }),
    ).rejects.toMatchObject({
      code: 'VF_IN_USE',
      message: 'host-1 holds shardId-1 of busy at this moment',
    });
    await clock.untilSleeping();
    await put('busy', 'shardId-1', '18', 8);
    await clock.advance(10_000);
    await refused;
    expect(await checkpoints('busy')).toMatchObject([
      ['shardId-0', '17', '3', {}],
      ['shardId-1', '18', '3', {}],
    ]);
  });

  test('stay where they are when the worker is told to stop while it looks for others', async () => {
    await create('stopped');
    await put('stopped', 'shardId-0', '17', 7);
    const [clock, stop] = [new ManualClock(0), new AbortController()];
    const rewound = rewindLeases(client, { table: 'stopped', clock, failover: 10_000, signal: stop.signal });
    await clock.untilSleeping();
    stop.abort();
    expect(await rewound).toBeNull();
    expect(await checkpoints('stopped')).toMatchObject([['shardId-0', '17', '3', { leaseOwner: { S: 'host-1' } }]]);
  });

  test('of an application that never ran are none', async () => {
    const clock = new ManualClock(0);
    expect(await rewindLeases(client, { table: 'never', clock, failover: 10_000, signal: running })).toBe(0);
  });
});

// `vpcflow digest --engine kcl --rewind` that is told to stop while it looks for live workers: it ends, and nothing is moved.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { KCL } from '../../../consumers/shared/kcl/jars.ts';
import { type MotoServer, startMotoServer } from '../../moto-server.ts';
import { startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { createTables, putLeases } from '../doctor/library-tables.ts';

const moto: MotoServer | null = await startMotoServer();
afterAll(() => moto?.stop());

describe.skipIf(moto === null)('a rewind', () => {
  test('is given up on SIGTERM, with status 0 and no checkpoint moved', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-rewind-'));
    const kinesis = await startLocalKinesis(null);
    const { endpoint, region, credentials } = kinesis.place;
    const dynamo = new DynamoDBClient({ endpoint: moto?.endpoint ?? '', region, credentials });
    try {
      const client = localClient(kinesis);
      await ensureStream(client, 'flows', 1, systemClock);
      client.destroy();
      await createTables(dynamo, 'rewound');
      await putLeases(dynamo, 'rewound', [{ shard: 'shardId-000000000000', owner: 'host-1', checkpoint: '17' }]);
      const java = join(directory, 'java'); // only its version is ever asked for
      await writeFile(java, '#!/bin/sh\necho \'openjdk version "17.0.15" 2025-04-15\' >&2\n', { mode: 0o755 });
      await writeFile(join(directory, `amazon-kinesis-client-multilang-${KCL.version}.jar`), '');
      const { process, stderr, ended } = startVpcflow(
        [
          ...['digest', '--engine', 'kcl', '--stream', 'flows', '--store', join(directory, 'store'), '--rewind'],
          ...[
            '--application',
            'rewound',
            '--java',
            java,
            '--kcl-jars',
            directory,
            '--kcl',
            'failoverTimeMillis=3600000',
          ],
        ],
        {
          AWS_ENDPOINT_URL: moto?.endpoint ?? '',
          AWS_ENDPOINT_URL_KINESIS: endpoint,
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        },
      );
      await until('it has begun', () => stderr().includes('digesting arn:'));
      process.kill('SIGTERM');
      const end = await ended;
      expect(end.status, end.stderr).toBe(0);
      expect(end.stderr).toContain('told to stop: no checkpoint is moved back');
      const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: 'rewound' }));
      expect(Items).toMatchObject([{ checkpoint: { S: '17' }, leaseOwner: { S: 'host-1' } }]);
    } finally {
      dynamo.destroy();
      await kinesis.stop();
      await rm(directory, { recursive: true });
    }
  });
});

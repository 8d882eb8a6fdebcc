// `vpcflow formats discover` against an EC2 that keeps what CreateFlowLogs made, of VPCs and subnets.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFlowLogsCommand, CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, describe, expect, test } from 'vitest';
import { DEFAULT_FORMAT } from '../../../schemas/fields.ts';
import { startMotoServer } from '../../moto-server.ts';
import { runVpcflow } from '../../run-vpcflow.ts';

const CUSTOM = '${version} ${vpc-id} ${srcaddr} ${dstaddr} ${start} ${flow-direction}';
const server = await startMotoServer();
const folder = mkdtempSync(join(tmpdir(), 'vpcflow-moto-formats-'));
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(server === null)('flow logs that were created', () => {
  test('are found in every region, with the formats that they were created with', async () => {
    if (server === null) return;
    const { endpoint } = server;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const create = async (region: string, logGroup: string, format: string | undefined, ofSubnet = false) => {
      const ec2 = new EC2Client({ endpoint, region, credentials });
      const logs = new CloudWatchLogsClient({ endpoint, region, credentials });
      await logs.send(new CreateLogGroupCommand({ logGroupName: logGroup }));
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
      const vpc = Vpc?.VpcId ?? '';
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.0.1.0/24' }));
      await ec2.send(
        new CreateFlowLogsCommand({
          ResourceIds: [ofSubnet ? (Subnet?.SubnetId ?? '') : vpc],
          ResourceType: ofSubnet ? 'Subnet' : 'VPC',
          TrafficType: 'ALL',
          LogGroupName: logGroup,
          DeliverLogsPermissionArn: 'arn:aws:iam::123456789012:role/flow-logs',
          ...(format === undefined ? {} : { LogFormat: format }),
        }),
      );
      ec2.destroy();
      logs.destroy();
    };
    await create('eu-west-1', '/vpc/custom', CUSTOM);
    await create('eu-west-1', '/vpc/subnet', undefined, true);
    await create('us-east-1', '/vpc/east', undefined);
    const path = join(folder, 'formats.json');
    const ended = await runVpcflow(['formats', 'discover', '--regions', 'eu-west-1,us-east-1', '--formats', path], {
      ...{ AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    });
    expect(ended).toMatchObject({ status: 0, stdout: '', stderr: expect.stringContaining('3 rules') });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      '/vpc/custom': CUSTOM,
      '/vpc/east': DEFAULT_FORMAT,
      '/vpc/subnet': DEFAULT_FORMAT,
    });
  });
});

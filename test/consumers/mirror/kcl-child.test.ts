// The mirror consumer as a real child process of the Client Library's daemon: what its worker was told counts in it too.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { MirrorChildConfiguration } from '../../../consumers/mirror/kcl-child.ts';
import { type FakeEc2, startFakeEc2 } from '../../fakes/ec2-http/server.ts';
import { REGION } from '../../fakes/ec2-http/world.ts';
import { ROOT } from '../../source-files.ts';
import { until } from '../../until.ts';
import { HandDaemon } from '../shared/kcl/child/hand-daemon.ts';
import { worldOf } from './commands/command-bed.ts';

const MODULE = join(ROOT, 'consumers/mirror/kcl-child.ts');
const MINUTE = 60_000;

let ec2: FakeEc2;
let directory: string;
let daemon: HandDaemon;
afterEach(async () => {
  await daemon.stop();
  await ec2.stop();
  await rm(directory, { recursive: true });
});

test.each([
  ['is over', 5 * MINUTE, []],
  ['is not over', 600 * MINUTE, ['tmt-9']],
])('a target of ours that has been empty for an hour is deleted when --grace %s', async (_what, grace, left) => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-child-'));
  const since = new Date(Date.now() - 60 * MINUTE).toISOString().replace(/\.\d+/, '');
  const tags = { 'vpcflow:managed': 'true', 'vpcflow:rule': 'vpcs[0]', 'vpcflow:empty-since': since };
  ec2 = await startFakeEc2({
    ...worldOf(1),
    targets: [
      { id: 'tmt-nlb', kind: 'network-load-balancer' },
      { id: 'tmt-9', interface: 'eni-host', tags },
    ],
  });
  const text = 'mode: apply\nvpcs: [{vpcId: vpc-1, filterId: tmf-1, targetId: tmt-nlb}]';
  const configuration: MirrorChildConfiguration = {
    ...{ store: join(directory, 'store'), account: '123456789012', workerId: 'w', grace, forward: null },
    file: { text, source: { file: `${REGION}.yaml`, region: null, mode: null, enable: null }, regions: null },
  };
  daemon = await HandDaemon.start(MODULE, configuration, ec2.environment);
  await daemon.ask({ action: 'initialize', shardId: 's-0', sequenceNumber: 'TRIM_HORIZON', subSequenceNumber: 0 });
  const event = {
    ...{ version: '0', id: 'e1', source: 'aws.ec2', account: '123456789012', region: REGION },
    ...{ 'detail-type': 'EC2 Instance State-change Notification', time: new Date().toISOString(), resources: [] },
    detail: { 'instance-id': 'i-0a1b', state: 'terminated' },
  };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  const record = { data, partitionKey: 'k', sequenceNumber: '1', subSequenceNumber: 0 };
  const checkpoint = await daemon.ask({
    ...{ action: 'processRecords', millisBehindLatest: 0 },
    records: [{ ...record, action: 'record', approximateArrivalTimestamp: Date.now() }],
  });
  expect(checkpoint).toMatchObject({ action: 'checkpoint' });
  await until('its measurements come', () => daemon.metric('mirrorEvents', 'sum') === 1);
  expect([...ec2.state.targets.keys()].filter((id) => id === 'tmt-9')).toEqual(left);
});

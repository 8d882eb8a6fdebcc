// The accounts in which the contract of Ec2Mirror is tried: the fake EC2, plan mode over it, and moto's EC2.
import {
  CreateTrafficMirrorFilterCommand,
  DescribeImagesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { openEc2Mirror } from '../../consumers/mirror/ec2/open.ts';
import type { Ec2Place } from '../../consumers/shared/mirroring/ec2-clients.ts';
import { PlannedEc2Mirror } from '../../consumers/shared/mirroring/planned-account.ts';
import { type FakeEc2, startFakeEc2 } from '../fakes/ec2-http/server.ts';
import type { FakeSettings } from '../fakes/ec2-http/settings.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import type { MotoServer } from '../moto-server.ts';
import type { MirrorBed } from './mirror-bed.ts';

const REGION = 'us-east-1';
const SOURCES = Array.from({ length: 11 }, (_, n) => ({ instance: `i-source-${n}`, interface: `eni-source-${n}` }));

const startAccount = (settings: Partial<FakeSettings>): Promise<FakeEc2> =>
  startFakeEc2(
    {
      instances: [
        ...SOURCES.map(({ instance }) => ({ id: instance })),
        ...[{ id: 'i-host-0' }, { id: 'i-host-1' }, { id: 'i-old', type: 't2.micro' }],
      ],
      interfaces: [{ id: 'eni-free' }],
      filters: [{ id: 'tmf-all', ingress: 1, egress: 2 }],
    },
    settings,
  );

const KNOWN = {
  ...{ filter: { id: 'tmf-all', rules: 3 }, sources: SOURCES, hosts: ['eni-host-0', 'eni-host-1'] },
  ...{ unsupported: 'eni-old', unattached: 'eni-free', image: 'ami-1', subnet: 'subnet-a' },
};

/** Pages are small, so that every listing has several. */
export const fakeBed = async (): Promise<MirrorBed> => {
  const fake = await startAccount({ page: 4 });
  const ec2 = openEc2Mirror({ region: REGION, place: fake.place });
  return { ...KNOWN, ec2, account: fake.account, stop: fake.stop };
};

/** Stops with an error when plan mode asked the account for anything but reads. */
export const plannedBed = async (): Promise<MirrorBed> => {
  const fake = await startAccount({ page: 4 });
  const reader = openEc2Mirror({ region: REGION, place: fake.place });
  const ec2 = new PlannedEc2Mirror(reader, new MemoryStore(new Map()), new ManualClock());
  const stop = async (): Promise<void> => {
    await fake.stop();
    const changes = fake.changes().map(({ action }) => action);
    if (changes.length > 0) throw new Error(`plan mode changed the account: ${changes.join(', ')}`);
  };
  return { ...KNOWN, ec2, account: fake.account, stop };
};

/** Makes an account once; each bed is the same account without the sessions of the bed before. */
export const motoBeds = (moto: MotoServer): (() => Promise<MirrorBed>) => {
  const place = { endpoint: moto.endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const account = makeMotoAccount(place);
  return async () => {
    const ec2 = openEc2Mirror({ region: REGION, place });
    for (const { id } of await ec2.sessions()) await ec2.deleteSession(id);
    return { ec2, ...(await account), unsupported: '', unattached: '', stop: async () => undefined };
  };
};

const makeMotoAccount = async (place: Ec2Place) => {
  const client = new EC2Client({ region: REGION, ...place });
  const { Subnets } = await client.send(new DescribeSubnetsCommand({}));
  const { Images } = await client.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const image = Images?.[0]?.ImageId ?? '';
  const subnet = Subnets?.[0]?.SubnetId ?? '';
  const { Instances } = await client.send(
    new RunInstancesCommand({ MinCount: 4, MaxCount: 4, ImageId: image, SubnetId: subnet, InstanceType: 'm5.large' }),
  );
  const { TrafficMirrorFilter } = await client.send(new CreateTrafficMirrorFilterCommand({}));
  client.destroy();
  const all = (Instances ?? []).map(({ InstanceId = '', NetworkInterfaces }) => ({
    ...{ instance: InstanceId, interface: NetworkInterfaces?.[0]?.NetworkInterfaceId ?? '' },
  }));
  return {
    account: '123456789012',
    filter: { id: TrafficMirrorFilter?.TrafficMirrorFilterId ?? '', rules: 0 },
    ...{ sources: all.slice(0, 2), hosts: all.slice(2).map((one) => one.interface), image, subnet },
  };
};

// Turns the EC2 of moto, which checks nothing and has ids of another shape, into an account with instances to mirror.
import {
  CreateTagsCommand,
  CreateTrafficMirrorFilterCommand,
  CreateTrafficMirrorTargetCommand,
  DescribeTrafficMirrorSessionsCommand,
  EC2Client,
  type Instance,
  RunInstancesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const REGION = 'us-east-1';
const IMAGE = 'ami-12c6146b'; // one of those that moto has

export interface Mirrored {
  readonly instance: string;
  readonly interface: string;
  readonly address: string;
}

export interface FoundSession {
  readonly id: string;
  readonly interface: string;
  readonly number: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface MotoAccount {
  readonly instances: readonly Mirrored[];
  /** Rules that mirror every instance of the VPC to an appliance in it. */
  readonly rules: readonly string[];
  readonly sessions: () => Promise<readonly FoundSession[]>;
  readonly tag: (id: string, tags: Readonly<Record<string, string>>) => Promise<void>;
  close(): void;
}

const mirrored = ({ InstanceId = '', NetworkInterfaces = [] }: Instance): Mirrored => ({
  instance: InstanceId,
  interface: NetworkInterfaces[0]?.NetworkInterfaceId ?? '',
  address: NetworkInterfaces[0]?.PrivateIpAddress ?? '',
});

const record = (tags: readonly Tag[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));

/** So many instances, and one more that hosts the target. */
export const motoAccount = async (endpoint: string, count: number): Promise<MotoAccount> => {
  const ec2 = new EC2Client({
    ...{ endpoint, region: REGION, requestHandler: new NodeHttpHandler() },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const some = { ImageId: IMAGE, InstanceType: 'm5.large', MinCount: count + 1, MaxCount: count + 1 } as const;
  const { Instances = [] } = await ec2.send(new RunInstancesCommand(some));
  const [appliance, ...instances] = Instances;
  const NetworkInterfaceId = appliance === undefined ? '' : mirrored(appliance).interface;
  const { TrafficMirrorTarget } = await ec2.send(new CreateTrafficMirrorTargetCommand({ NetworkInterfaceId }));
  const { TrafficMirrorFilter } = await ec2.send(new CreateTrafficMirrorFilterCommand({}));
  return {
    instances: instances.map(mirrored),
    rules: [
      'vpcs:',
      `- vpcId: ${appliance?.VpcId}`,
      `  filterId: ${TrafficMirrorFilter?.TrafficMirrorFilterId}`,
      `  targetId: ${TrafficMirrorTarget?.TrafficMirrorTargetId}`,
    ],
    sessions: async () => {
      const { TrafficMirrorSessions = [] } = await ec2.send(new DescribeTrafficMirrorSessionsCommand({}));
      return TrafficMirrorSessions.map((session) => ({
        id: session.TrafficMirrorSessionId ?? '',
        interface: session.NetworkInterfaceId ?? '',
        number: session.SessionNumber ?? 0,
        tags: record(session.Tags ?? []),
      }));
    },
    tag: async (id, tags) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
    },
    close: () => ec2.destroy(),
  };
};

// Turns the changes of a plan into EC2's calls, and what EC2 says to each into an answer: done, or refused and why.
import {
  type _InstanceType,
  CreateTagsCommand,
  CreateTrafficMirrorSessionCommand,
  CreateTrafficMirrorTargetCommand,
  DeleteTagsCommand,
  DeleteTrafficMirrorSessionCommand,
  DeleteTrafficMirrorTargetCommand,
  type EC2Client,
  type ResourceType,
  RunInstancesCommand,
  type Tag,
  type TagSpecification,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Ec2Mirror, MirrorAnswer, MirrorRefusal, Tags } from '../../../schemas/mirroring/account.ts';
import { refusalOf, saysGone } from './refusals.ts';
import { instanceOf, sessionOf, targetOf } from './shapes.ts';

export type Changes = Pick<
  Ec2Mirror,
  | 'createSession'
  | 'deleteSession'
  | 'createTarget'
  | 'deleteTarget'
  | 'runInstance'
  | 'terminateInstance'
  | 'setTags'
  | 'removeTags'
>;

export interface ChangePlace {
  readonly client: EC2Client;
  readonly signal: AbortSignal | undefined;
  /** Settles at the latest with the signal's reason. */
  readonly inTime: <T>(work: Promise<T>) => Promise<T>;
}

const tagList = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

const tagsOnCreation = (kind: ResourceType, tags: Tags): { TagSpecifications?: TagSpecification[] } => {
  const list = tagList(tags);
  return list.length === 0 ? {} : { TagSpecifications: [{ ResourceType: kind, Tags: list }] };
};

const toldNothing = (what: string): MirrorRefusal => ({
  ok: false,
  code: 'InternalError',
  message: `EC2 answered without the ${what} that it made`,
});

/** A token of ours goes along with every try, so that a call whose answer was lost is not made twice. */
export const changes = ({ client, signal, inTime }: ChangePlace): Changes => {
  const options = signal === undefined ? {} : { abortSignal: signal };
  const change = async <T>(call: () => Promise<MirrorAnswer<T>>): Promise<MirrorAnswer<T>> => {
    try {
      return await inTime(call());
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      return refusalOf(error);
    }
  };
  const done = (call: () => Promise<unknown>): Promise<MirrorAnswer<null>> =>
    change(async () => {
      await call();
      return { ok: true, value: null };
    });
  const gone = async (answer: Promise<MirrorAnswer<null>>): Promise<MirrorAnswer<null>> => {
    const given = await answer;
    return !given.ok && saysGone(given) ? { ok: true, value: null } : given;
  };

  return {
    createSession: (session) =>
      change(async () => {
        const command = new CreateTrafficMirrorSessionCommand({
          NetworkInterfaceId: session.interface,
          TrafficMirrorTargetId: session.target,
          TrafficMirrorFilterId: session.filter,
          SessionNumber: session.number,
          ...(session.packetLength === null ? {} : { PacketLength: session.packetLength }),
          ...(session.virtualNetworkId === null ? {} : { VirtualNetworkId: session.virtualNetworkId }),
          Description: session.description,
          ...tagsOnCreation('traffic-mirror-session', session.tags),
          ClientToken: session.token,
        });
        const { TrafficMirrorSession: made } = await client.send(command, options);
        return made === undefined ? toldNothing('session') : { ok: true, value: sessionOf(made) };
      }),

    deleteSession: (id) =>
      gone(done(() => client.send(new DeleteTrafficMirrorSessionCommand({ TrafficMirrorSessionId: id }), options))),

    createTarget: (target) =>
      change(async () => {
        const command = new CreateTrafficMirrorTargetCommand({
          NetworkInterfaceId: target.interface,
          Description: target.description,
          ...tagsOnCreation('traffic-mirror-target', target.tags),
          ClientToken: target.token,
        });
        const { TrafficMirrorTarget: made } = await client.send(command, options);
        return made === undefined ? toldNothing('target') : { ok: true, value: targetOf(made) };
      }),

    deleteTarget: (id) =>
      gone(done(() => client.send(new DeleteTrafficMirrorTargetCommand({ TrafficMirrorTargetId: id }), options))),

    runInstance: (instance) =>
      change(async () => {
        const { securityGroups } = instance;
        const command = new RunInstancesCommand({
          ...{ MinCount: 1, MaxCount: 1, ImageId: instance.image, SubnetId: instance.subnet },
          InstanceType: instance.instanceType as _InstanceType, // the SDK lists those of its release; EC2 judges
          ...(securityGroups.length === 0 ? {} : { SecurityGroupIds: [...securityGroups] }),
          MetadataOptions: { HttpTokens: 'required' },
          ...tagsOnCreation('instance', instance.tags),
          ClientToken: instance.token,
        });
        const made = (await client.send(command, options)).Instances?.[0];
        return made === undefined ? toldNothing('instance') : { ok: true, value: instanceOf(made) };
      }),

    terminateInstance: (id) =>
      gone(done(() => client.send(new TerminateInstancesCommand({ InstanceIds: [id] }), options))),

    setTags: (id, tags) =>
      done(() => client.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }), options)),

    removeTags: (id, keys) =>
      done(() => client.send(new DeleteTagsCommand({ Resources: [id], Tags: keys.map((Key) => ({ Key })) }), options)),
  };
};

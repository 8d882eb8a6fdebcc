// Turns DryRun calls into what these credentials may do in EC2: permitted, denied, or not to be known.
import {
  CreateTagsCommand,
  CreateTrafficMirrorSessionCommand,
  CreateTrafficMirrorTargetCommand,
  DeleteTagsCommand,
  DeleteTrafficMirrorSessionCommand,
  DeleteTrafficMirrorTargetCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeTrafficMirrorFiltersCommand,
  DescribeTrafficMirrorSessionsCommand,
  DescribeTrafficMirrorTargetsCommand,
  type EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { TAG } from '../../schemas/mirroring/account.ts';
import { troubleOf } from '../shared/aws-trouble.ts';

/** What is asked about: plan mode only reads; targets and their instances are made only by rules that say so. */
export type MirrorNeeds = 'plan' | 'sessions' | 'sessions-and-targets';

export interface MirrorPermission {
  readonly action: string; // `ec2:CreateTrafficMirrorSession`
  /** `unknown`: EC2 said something else than yes or no, or the endpoint does not honour DryRun. */
  readonly verdict: 'permitted' | 'denied' | 'unknown';
  /** What EC2 said; empty where it is permitted. */
  readonly detail: string;
}

/** Things of the account that the calls would be about: with ids that EC2 does not know its answer may be about these. */
export interface MirrorSubjects {
  readonly interface?: string;
  readonly target?: string;
  readonly filter?: string;
  readonly session?: string;
  readonly instance?: string;
  readonly image?: string;
}

const NONE = '0'.repeat(17);

type Ask = (ec2: EC2Client, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
type Asks = readonly (readonly [action: string, ask: Ask])[];

const DryRun = true;

/** The first three also tell whether the endpoint honours DryRun for traffic mirroring. */
const READS: Asks = [
  ['DescribeTrafficMirrorSessions', (ec2, o) => ec2.send(new DescribeTrafficMirrorSessionsCommand({ DryRun }), o)],
  ['DescribeTrafficMirrorTargets', (ec2, o) => ec2.send(new DescribeTrafficMirrorTargetsCommand({ DryRun }), o)],
  ['DescribeTrafficMirrorFilters', (ec2, o) => ec2.send(new DescribeTrafficMirrorFiltersCommand({ DryRun }), o)],
  ['DescribeInstances', (ec2, o) => ec2.send(new DescribeInstancesCommand({ DryRun, MaxResults: 5 }), o)],
  [
    'DescribeNetworkInterfaces',
    (ec2, o) => ec2.send(new DescribeNetworkInterfacesCommand({ DryRun, MaxResults: 5 }), o),
  ],
];

const sessionChanges = (about: MirrorSubjects): Asks => {
  const TrafficMirrorSessionId = about.session ?? `tms-${NONE}`;
  const Resources = [TrafficMirrorSessionId];
  const made = {
    NetworkInterfaceId: about.interface ?? `eni-${NONE}`,
    TrafficMirrorTargetId: about.target ?? `tmt-${NONE}`,
    TrafficMirrorFilterId: about.filter ?? `tmf-${NONE}`,
    SessionNumber: 32_766,
    TagSpecifications: [
      { ResourceType: 'traffic-mirror-session' as const, Tags: [{ Key: TAG.managed, Value: 'true' }] },
    ],
  };
  const Tags = [{ Key: TAG.emptySince }];
  return [
    ['CreateTrafficMirrorSession', (ec2, o) => ec2.send(new CreateTrafficMirrorSessionCommand({ DryRun, ...made }), o)],
    [
      'DeleteTrafficMirrorSession',
      (ec2, o) => ec2.send(new DeleteTrafficMirrorSessionCommand({ DryRun, TrafficMirrorSessionId }), o),
    ],
    [
      'CreateTags',
      (ec2, o) => ec2.send(new CreateTagsCommand({ DryRun, Resources, Tags: [{ Key: TAG.expires, Value: '' }] }), o),
    ],
    ['DeleteTags', (ec2, o) => ec2.send(new DeleteTagsCommand({ DryRun, Resources, Tags }), o)],
  ];
};

const targetChanges = (about: MirrorSubjects): Asks => {
  const NetworkInterfaceId = about.interface ?? `eni-${NONE}`;
  const TrafficMirrorTargetId = about.target ?? `tmt-${NONE}`;
  const InstanceIds = [about.instance ?? `i-${NONE}`];
  const launched = { ImageId: about.image ?? `ami-${NONE}`, MinCount: 1, MaxCount: 1 };
  return [
    [
      'CreateTrafficMirrorTarget',
      (ec2, o) => ec2.send(new CreateTrafficMirrorTargetCommand({ DryRun, NetworkInterfaceId }), o),
    ],
    [
      'DeleteTrafficMirrorTarget',
      (ec2, o) => ec2.send(new DeleteTrafficMirrorTargetCommand({ DryRun, TrafficMirrorTargetId }), o),
    ],
    ['RunInstances', (ec2, o) => ec2.send(new RunInstancesCommand({ DryRun, ...launched }), o)],
    ['TerminateInstances', (ec2, o) => ec2.send(new TerminateInstancesCommand({ DryRun, InstanceIds }), o)],
  ];
};

const NOT_HONOURED = 'the endpoint does not honour DryRun: no change was tried';

interface Asked {
  readonly permission: MirrorPermission;
  /** It answered that it would have done it, or that it is not permitted to: it has not done it. */
  readonly honoured: boolean;
}

const ask = async (ec2: EC2Client, name: string, call: Ask, abortSignal: AbortSignal): Promise<Asked> => {
  const action = `ec2:${name}`;
  try {
    await call(ec2, { abortSignal });
    return { permission: { action, verdict: 'permitted', detail: '' }, honoured: false };
  } catch (error) {
    if (abortSignal.aborted) throw abortSignal.reason;
    if (error instanceof Error && error.name === 'DryRunOperation')
      return { permission: { action, verdict: 'permitted', detail: '' }, honoured: true };
    const { kind, detail } = troubleOf(error);
    return { permission: { action, verdict: kind === 'denied' ? 'denied' : 'unknown', detail }, honoured: false };
  }
};

/**
 * Which of the actions that a mirror consumer needs are permitted. Nothing is changed: each call has DryRun, and no call
 * for a change is made to an endpoint that did not show with a read of traffic mirroring that it honours DryRun
 * (stand-ins often ignore it). Ids that are not given are of nothing: EC2 may then say that they are unknown, which is
 * `unknown`, since it does not say which of the two it looks at first. Rejects with the signal's reason only.
 */
export const checkMirrorPermissions = async (
  ec2: EC2Client,
  needs: MirrorNeeds,
  signal: AbortSignal,
  about: MirrorSubjects = {},
): Promise<readonly MirrorPermission[]> => {
  const readings = await Promise.all(READS.map(([name, call]) => ask(ec2, name, call, signal)));
  const honoured = readings.slice(0, 3).some((one) => one.honoured);
  const wanted: Asks = [
    ...(needs === 'plan' ? [] : sessionChanges(about)),
    ...(needs === 'sessions-and-targets' ? targetChanges(about) : []),
  ];
  const changing = honoured
    ? await Promise.all(wanted.map(([name, call]) => ask(ec2, name, call, signal)))
    : wanted.map(
        ([name]): Asked => ({
          permission: { action: `ec2:${name}`, verdict: 'unknown', detail: NOT_HONOURED },
          honoured: false,
        }),
      );
  return [...readings, ...changing].map(({ permission }) => permission);
};

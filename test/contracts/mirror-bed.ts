// What an account must have for the contract of Ec2Mirror to be tried in it, and the calls that the contract makes.
import type {
  Ec2Mirror,
  MirrorAnswer,
  MirrorSession,
  MirrorTarget,
  NewInstance,
  NewSession,
  NewTarget,
} from '../../schemas/mirroring/account.ts';

/** A region of an account in which nothing is mirrored, though it may have targets. */
export interface MirrorBed {
  readonly ec2: Ec2Mirror;
  readonly account: string;
  /** Of a traffic mirror filter, and how many rules it has. */
  readonly filter: { readonly id: string; readonly rules: number };
  /** Running instances that can be mirrored, with their primary interfaces: two, and where limits are tried eleven. */
  readonly sources: readonly { readonly instance: string; readonly interface: string }[];
  /** Interfaces of two other running instances, to become targets. */
  readonly hosts: readonly string[];
  /** Interfaces that cannot be mirrored: of an instance of an old family, and of none. Asked for where limits are tried. */
  readonly unsupported: string;
  readonly unattached: string;
  readonly image: string;
  readonly subnet: string;
  readonly stop: () => Promise<void>;
}

/** What a stand-in may be known not to do; an Ec2Mirror of ours over EC2 itself does all of it. */
export interface MirrorAbilities {
  /** Refuses what is over a limit, unknown, in use or not supported. */
  readonly limits: boolean;
  /** Honours tokens. */
  readonly tokens: boolean;
  /** Deletes targets. */
  readonly deleteTargets: boolean;
  /** Sets tags of sessions and targets after they were made. */
  readonly laterTags: boolean;
}

export const done = <T>(answer: MirrorAnswer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.value;
};

/** `ok`, or EC2's code. */
export const codeOf = async (answer: Promise<MirrorAnswer<unknown>>): Promise<string> => {
  const given = await answer;
  return given.ok ? 'ok' : given.code;
};

/** Calls with different tokens, as long as nobody says one. */
export interface BedCalls {
  readonly newSession: (target: string, change?: Partial<NewSession>) => NewSession;
  readonly newTarget: (host: string, change?: Partial<NewTarget>) => NewTarget;
  readonly newInstance: (change?: Partial<NewInstance>) => NewInstance;
  readonly session: (target: string, change?: Partial<NewSession>) => Promise<MirrorSession>;
  readonly target: (host?: string) => Promise<MirrorTarget>;
}

export const callsOf = (bed: MirrorBed): BedCalls => {
  let tokens = 0;
  const token = (): string => `token-${++tokens}`;
  const calls: BedCalls = {
    newSession: (target, change = {}) => ({
      ...{ interface: bed.sources[0]!.interface, target, filter: bed.filter.id, number: 1 },
      ...{ virtualNetworkId: null, packetLength: null, description: 'a contract', tags: {}, token: token() },
      ...change,
    }),
    newTarget: (host, change = {}) => ({
      ...{ interface: host, description: 'a contract', tags: {}, token: token(), ...change },
    }),
    newInstance: (change = {}) => ({
      ...{ instanceType: 'm5.large', image: bed.image, securityGroups: [], subnet: bed.subnet },
      ...{ tags: {}, token: token(), ...change },
    }),
    session: async (target, change) => done(await bed.ec2.createSession(calls.newSession(target, change))),
    target: async (host = bed.hosts[0]!) => done(await bed.ec2.createTarget(calls.newTarget(host))),
  };
  return calls;
};

// The seam to EC2: what of an account in one region the mirror consumer reads, and the calls that change something.
import type { InstanceState } from './events.ts';

export type Tags = Readonly<Record<string, string>>;

export const TAG = {
  managed: 'vpcflow:managed', // `true` on everything that we make
  cause: 'vpcflow:cause',
  rule: 'vpcflow:rule',
  finding: 'vpcflow:finding',
  expires: 'vpcflow:expires', // RFC 3339, seconds, Z
  /** Of a target that we made: since when it has had no session. */
  emptySince: 'vpcflow:empty-since',
  name: 'Name',
} as const;

export interface MirrorInterface {
  readonly id: string;
  readonly instance: string | null; // null: not attached to one
  readonly deviceIndex: number | null;
  readonly subnet: string;
  readonly vpc: string;
  readonly zone: string; // availability zone, `us-east-1a`
  readonly kind: string; // InterfaceType: `interface`, `lambda`, `nat_gateway`, …
  readonly requesterManaged: boolean;
  /** Private IPv4 and IPv6, canonical. */
  readonly addresses: readonly string[];
}

export interface MirrorInstance {
  readonly id: string;
  readonly type: string; // `t3.micro`
  readonly state: InstanceState;
  readonly launched: number; // Unix ms
  readonly image: string;
  readonly subnet: string;
  readonly vpc: string;
  readonly zone: string;
  readonly tags: Tags;
  /** By device index. */
  readonly interfaces: readonly MirrorInterface[];
}

export interface MirrorTarget {
  readonly id: string;
  readonly kind: 'network-interface' | 'network-load-balancer' | 'gateway-load-balancer-endpoint';
  /** Of a target that is an interface. */
  readonly interface: string | null;
  readonly owner: string; // account; another one where the target is shared with us
  readonly tags: Tags;
}

export interface MirrorSession {
  readonly id: string;
  readonly interface: string; // the source
  readonly target: string;
  readonly filter: string;
  readonly number: number; // 1 to 32766
  readonly virtualNetworkId: number | null;
  readonly packetLength: number | null;
  readonly tags: Tags;
}

export interface MirrorFilter {
  readonly id: string;
  /** Rules of both directions; a filter that has none mirrors nothing. */
  readonly rules: number;
}

export interface NewSession {
  readonly interface: string;
  readonly target: string;
  readonly filter: string;
  readonly number: number;
  readonly virtualNetworkId: number | null;
  readonly packetLength: number | null;
  readonly description: string;
  readonly tags: Tags;
  /** At most 64 ASCII characters; the same token and parameters make one session, however often they are sent. */
  readonly token: string;
}

export interface NewTarget {
  readonly interface: string;
  readonly description: string;
  readonly tags: Tags;
  readonly token: string;
}

export interface NewInstance {
  readonly instanceType: string;
  readonly image: string;
  readonly securityGroups: readonly string[];
  readonly subnet: string;
  readonly tags: Tags;
  readonly token: string;
}

/** What EC2 said no with, once the retries of what may pass are over; `code` is EC2's own. */
export interface MirrorRefusal {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
}

export type MirrorAnswer<T> = { readonly ok: true; readonly value: T } | MirrorRefusal;

/**
 * One region of one account. Reads fail with a VpcflowError (VF_SERVICE) after their own retries; what is not there is
 * absent from the answer. Changes answer with EC2's refusal rather than throw, so that one never stops the others; they
 * reject with the signal's reason only. Deleting what is not there is done. Reads may lag behind changes by seconds.
 */
export interface Ec2Mirror {
  readonly region: string;
  /** The account that the calls are made in. */
  account(): Promise<string>;
  instances(ids: readonly string[]): Promise<readonly MirrorInstance[]>;
  /** A page of at most 200 of the instances that run, in EC2's order; `next` is null at the end. */
  instancePage(
    next: string | null,
  ): Promise<{ readonly instances: readonly MirrorInstance[]; readonly next: string | null }>;
  /** Instances with the tag vpcflow:managed=true, in any state that EC2 still knows: hosts of targets. */
  managedInstances(): Promise<readonly MirrorInstance[]>;
  interfaces(ids: readonly string[]): Promise<readonly MirrorInterface[]>;
  /** All of the region, everybody's. */
  sessions(): Promise<readonly MirrorSession[]>;
  targets(): Promise<readonly MirrorTarget[]>;
  filters(): Promise<readonly MirrorFilter[]>;

  createSession(session: NewSession): Promise<MirrorAnswer<MirrorSession>>;
  deleteSession(id: string): Promise<MirrorAnswer<null>>;
  createTarget(target: NewTarget): Promise<MirrorAnswer<MirrorTarget>>;
  deleteTarget(id: string): Promise<MirrorAnswer<null>>;
  /** The instance as EC2 answers: pending. */
  runInstance(instance: NewInstance): Promise<MirrorAnswer<MirrorInstance>>;
  terminateInstance(id: string): Promise<MirrorAnswer<null>>;
  /** Sets tags of a session, target or instance; others stay. */
  setTags(id: string, tags: Tags): Promise<MirrorAnswer<null>>;
  removeTags(id: string, keys: readonly string[]): Promise<MirrorAnswer<null>>;
  close(): void;
}

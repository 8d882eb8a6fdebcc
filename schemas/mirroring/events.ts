// What an event of EventBridge means to the mirror consumer: a finding, the state of an instance, or nothing, by name.

/** Why somebody's traffic is mirrored; the tag `vpcflow:cause`. */
export const MIRROR_CAUSES = ['finding', 'launch', 'existing'] as const;
export type MirrorCause = (typeof MIRROR_CAUSES)[number];

/** An interface as a finding describes it; what EC2 says of it now may differ. */
export interface NamedInterface {
  readonly id: string;
  /** Private IPv4 and IPv6 addresses, canonical (RFC 5952). */
  readonly addresses: readonly string[];
}

/** One state of a GuardDuty finding that names an instance or an interface. */
export interface Finding {
  readonly id: string;
  readonly type: string; // `UnauthorizedAccess:EC2/SSHBruteForce`
  readonly severity: number; // 1.0 to 10.0
  readonly title: string;
  readonly account: string;
  readonly region: string;
  /** Unix ms. The same finding comes again with a later one when it occurs again. */
  readonly updatedAt: number;
  /** What it says itself, where that is later than its arrival, which `updatedAt` is then: a clock is ahead. */
  readonly claimed?: number;
  readonly archived: boolean;
  /** Instance ids, each once, in the finding's order. */
  readonly instances: readonly string[];
  /** The interfaces that it describes, of all its instances; empty where it names only an instance. */
  readonly interfaces: readonly NamedInterface[];
  /** Addresses or interface ids of its action on our side; empty where the action has none. */
  readonly localAddresses: readonly string[];
  readonly localInterfaces: readonly string[];
  /** Addresses of the other side, canonical. */
  readonly remoteAddresses: readonly string[];
}

export const INSTANCE_STATES = ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

/** Why a record of the events stream asks for nothing; each is counted and has an audit row. */
export const IGNORED_EVENTS = {
  malformed: 'it is no event of EventBridge, or lacks what its kind must have',
  unknown_detail_type: 'an event of another kind',
  sample: 'a sample finding of CreateSampleFindings',
  no_instance: 'a finding that names neither an instance nor an interface',
  state: 'a state of an instance that changes nothing: pending, stopping',
} as const;
export type IgnoredEvent = keyof typeof IGNORED_EVENTS;

/** Whom an event that asks for nothing is about, as far as it says so. */
export interface IgnoredAbout {
  readonly account?: string;
  readonly region?: string;
  readonly instance?: string;
  readonly finding?: string; // its id
  readonly type?: string; // of the finding
}

/**
 * `at` is when the event was sent (its `time`), at the latest when it arrived: clocks ahead of ours shorten nothing.
 * `id` is EventBridge's, for the audit; empty where there is none.
 */
export type MirrorEvent =
  | {
      readonly kind: 'finding';
      readonly id: string;
      readonly at: number;
      readonly finding: Finding;
      /** A sentence for each id and address in it that is none, and was not used; for the audit. */
      readonly notes?: readonly string[];
    }
  | {
      readonly kind: 'state';
      readonly id: string;
      readonly at: number;
      readonly account: string;
      readonly region: string;
      readonly instance: string;
      readonly state: InstanceState;
    }
  | {
      readonly kind: 'ignored';
      readonly id: string;
      readonly at: number;
      readonly reason: IgnoredEvent;
      /** One sentence for a person, with the finding id or detail type where there is one. */
      readonly detail: string;
      readonly about?: IgnoredAbout;
    };

// What a plan is made of: who asks for sessions, what is decided about each, and the calls that follow, in order.
import type {
  MirrorFilter,
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
  NewInstance,
  NewSession,
  NewTarget,
  Tags,
} from './account.ts';
import type { Finding, MirrorCause } from './events.ts';

/** An interface that exchanged traffic with a finding's remote address: the evidence for mirroring it too. */
export interface Neighbour {
  readonly interface: string;
  readonly bytes: bigint;
  /** The hour of digests that says so, RFC 3339 `start/stop`, and whether it is complete. */
  readonly window: string;
  readonly complete: boolean | null;
}

/** Somebody whose traffic is wanted. `key` is unique, and the same when the same thing asks again. */
export interface MirrorRequest {
  /** `finding/<id>/<updatedAt>`, `launch/<instance>`, `existing/<instance>`. */
  readonly key: string;
  readonly cause: MirrorCause;
  readonly account: string;
  readonly region: string;
  /** Of causes other than a finding: exactly one. */
  readonly instances: readonly string[];
  /** Of a finding only. */
  readonly finding: Finding | null;
  /** Of the event, Unix ms: a finding's sessions expire a `ttl` later. */
  readonly at: number;
  readonly neighbours: readonly Neighbour[];
}

/** Why something was decided as it was; each has a sentence in the audit. */
export const DECISION_REASONS = {
  wanted: 'a rule matches',
  already: 'the session is there',
  extended: 'the finding came again: the session expires later',
  other_account: 'the account is not the one that the calls are made in',
  no_region: 'the rule file has no rules for the region',
  no_rule: 'no rule matches',
  disabled: 'the rule file does not enable this cause',
  type_denied: 'the type of the finding is not wanted',
  severity: 'the severity is below minSeverity',
  expired: 'its time to live is over',
  archived: 'the finding is archived',
  superseded: 'a later state of the same finding has been decided on',
  instance_gone: 'the instance is not there, or not running',
  interface_gone: 'the interface is not there, or not attached to an instance',
  interface_kind: 'EC2 mirrors only interfaces of the kind interface',
  family: 'EC2 cannot mirror instances of this family',
  is_target: 'the interface is a mirror target, or of an instance that is one of ours',
  released: 'somebody released or deleted the session; it is left alone until the finding is updated',
  sessions_full: 'the interface has its three sessions',
  targets_full: 'every target of the rule has all the sources that it can have',
  target_missing: 'the target of the rule is not there',
  filter_missing: 'the filter of the rule is not there',
  target_starting: 'a target instance is starting',
  target_failed: 'target instances of the rule did not start',
  target_gone: 'the interface of the target, or its instance, is not there any more',
  max_sessions: 'maxSessions is reached',
  cost: 'the sessions would cost more than guard.maxCostPerHour',
  bandwidth: 'the interfaces would carry more than guard.maxMbps',
  account_full: 'the account has all the sessions or targets that it can have',
  denied: 'EC2 does not permit the call',
  failed: 'EC2 refused the call',
  not_running: 'the instance no longer runs',
  empty: 'the target that we made has no session',
  duplicate: 'another session of ours mirrors the same interface for the same finding',
  asked: 'somebody asked for it',
  foreign: 'it is not ours: reported, left alone',
  gone: 'somebody deleted the session, or EC2 did with its interface',
  unreadable: 'it is ours, but its tag vpcflow:expires is not a time: reported, left alone',
} as const;
export type DecisionReason = keyof typeof DECISION_REASONS;

/**
 * `create`, `extend`, `release`: a call follows. `keep`: nothing is to be done. `wait`: asked again by the reconciler as
 * long as it has not expired. `refuse`: not until something asks anew. `report`: only said.
 */
export const DECISION_OUTCOMES = ['create', 'extend', 'release', 'keep', 'wait', 'refuse', 'report'] as const;
export type DecisionOutcome = (typeof DECISION_OUTCOMES)[number];

/** About one request and one of its interfaces; without an interface: about all of the request. */
export interface MirrorDecision {
  readonly request: string | null; // its key; null: of the reconciler, or a person
  readonly outcome: DecisionOutcome;
  readonly reason: DecisionReason;
  /** One sentence with what the reason cannot say: the numbers, the other rule that matched, the evidence. */
  readonly detail: string;
  readonly instance: string | null;
  readonly interface: string | null;
  readonly rule: string | null;
  readonly session: string | null; // where it is known
  readonly target: string | null;
  /** Unix ms; null: none. */
  readonly expires: number | null;
  /** Set where the interface is mirrored as a neighbour of the request's. */
  readonly neighbour: Neighbour | null;
}

/** One call. `decision` is the place in the plan's decisions that it belongs to; null: it serves several. */
export type MirrorAction = { readonly decision: number | null } & (
  | { readonly kind: 'create-session'; readonly session: NewSession }
  | { readonly kind: 'delete-session'; readonly id: string }
  | { readonly kind: 'create-target'; readonly target: NewTarget }
  | { readonly kind: 'delete-target'; readonly id: string }
  | { readonly kind: 'run-instance'; readonly instance: NewInstance }
  | { readonly kind: 'terminate-instance'; readonly id: string }
  | { readonly kind: 'set-tags'; readonly id: string; readonly tags: Tags }
  | { readonly kind: 'remove-tags'; readonly id: string; readonly keys: readonly string[] }
);

/** Calls do not depend on each other's answers, except that they are made in order and what one refuses may fail the next. */
export interface MirrorPlan {
  readonly decisions: readonly MirrorDecision[];
  readonly actions: readonly MirrorAction[];
}

/** A region of an account as it was read, before a plan. */
export interface MirrorWorld {
  readonly account: string;
  readonly region: string;
  /** Unix ms. */
  readonly now: number;
  readonly instances: ReadonlyMap<string, MirrorInstance>;
  readonly interfaces: ReadonlyMap<string, MirrorInterface>;
  readonly sessions: readonly MirrorSession[];
  readonly targets: readonly MirrorTarget[];
  readonly filters: ReadonlyMap<string, MirrorFilter>;
  /** With the tag vpcflow:managed, in every state. */
  readonly managedInstances: readonly MirrorInstance[];
  /** Mbit/s of interfaces in the last hour's digests; one that is not there: none known. */
  readonly mbps: ReadonlyMap<string, number>;
}

/** The code of an answer to a call that was not made, because EC2 had asked for fewer. */
export const NOT_CALLED = 'NotCalled';

/** What EC2 refused in this round: the next plan goes around it. `subject` is what it was about. */
export interface MirrorObstacle {
  readonly what:
    | 'target-full'
    | 'target-gone'
    | 'sessions-full'
    | 'number-taken'
    | 'interface-gone'
    | 'interface-unsupported'
    | 'interface-is-target'
    | 'interface-is-source'
    | 'filter-gone'
    | 'session-gone'
    | 'account-sessions-full'
    | 'account-targets-full'
    | 'instance-failed'
    | 'denied'
    | 'later'
    | 'failed';
  /** Ids that it concerns: the interface, the target, the filter …; with `number-taken` also the number, as text. */
  readonly subjects: readonly string[];
  readonly code: string;
  readonly message: string;
}

/** What the audit remembers of the past that EC2's tags do not say. */
export interface MirrorMemory {
  /**
   * Somebody released or deleted the session of the finding on the interface (null: that of a launch or of an instance
   * that was there): up to which time, Unix ms, what asks for it was answered by that. Null: nobody did.
   */
  released(finding: string | null, networkInterface: string): number | null;
  /** The last state of the finding that a plan was about, also where its calls are not all made yet. */
  decided(finding: string): { readonly updatedAt: number; readonly archived: boolean } | null;
  /** How many sessions for the same there were on the interface that are not there any more. */
  ended(finding: string | null, networkInterface: string): number;
}

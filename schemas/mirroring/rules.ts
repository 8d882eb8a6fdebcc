// What a rule file says: which instances are mirrored, where to, how much of them and for how long.

/** Which interfaces of an instance: the one that the finding names, the first one (device index 0), or all. */
export const SCOPES = ['affected', 'primary', 'all'] as const;
export type Scope = (typeof SCOPES)[number];

/** `plan`: nothing is changed in EC2; sessions are kept in the store, under the same limits, as if they had been made. */
export const MIRROR_MODES = ['plan', 'apply'] as const;
export type MirrorMode = (typeof MIRROR_MODES)[number];

export type RuleMatch =
  /** All of them. A null value: any. */
  | { readonly by: 'tags'; readonly tags: readonly { readonly key: string; readonly value: string | null }[] }
  | { readonly by: 'subnet'; readonly subnet: string }
  | { readonly by: 'vpc'; readonly vpc: string };

export type RuleTarget =
  /** In the order of preference; one that is full gives way to the next. */
  | { readonly by: 'id'; readonly ids: readonly string[] }
  | {
      readonly by: 'launch';
      readonly instanceType: string;
      readonly image: string;
      readonly securityGroups: readonly string[];
      /** Null: that of the source. */
      readonly subnet: string | null;
    };

export interface MirrorRule {
  /** `tags[0]`, `subnets[2]`, `vpcs[0]`, or the `name` that it has; the tag `vpcflow:rule`. Unique in its region. */
  readonly name: string;
  readonly line: number; // of the file, 1 the first
  readonly match: RuleMatch;
  readonly filter: string; // tmf-…
  readonly target: RuleTarget;
  readonly scope: Scope;
  /** Seconds that a finding's session lives after the finding's last event. */
  readonly ttl: number;
  /** Of our sessions made by this rule; null: no limit of its own. */
  readonly maxSessions: number | null;
  readonly packetLength: number | null; // bytes after the VXLAN header; null: whole packets
  readonly virtualNetworkId: number | null; // null: EC2 gives each session one
}

export interface MirrorGuard {
  /** USD that our sessions may cost an hour, at `sessionPrice`; null: no limit. */
  readonly maxCostPerHour: number | null;
  /** USD a session and hour. */
  readonly sessionPrice: number;
  /** Mbit/s that the interfaces with our sessions may have had together in the last hour's digests; null: no limit. */
  readonly maxMbps: number | null;
}

export interface MirrorRules {
  readonly mode: MirrorMode;
  readonly enable: { readonly existing: boolean; readonly launches: boolean; readonly findings: boolean };
  readonly findings: {
    /** Patterns with `*`; a finding whose type one of them matches is wanted. Empty: every type. */
    readonly allow: readonly string[];
    /** Denied also where allowed. */
    readonly deny: readonly string[];
    readonly minSeverity: number;
  };
  /** Of all our sessions together; null: no limit. */
  readonly maxSessions: number | null;
  /** How many interfaces that exchanged most bytes with a finding's remote address are mirrored too. */
  readonly neighbours: number;
  readonly guard: MirrorGuard;
  /** Instance families that are never mirrored, such as `t2`, beyond those that EC2 is known to refuse. */
  readonly denyFamilies: readonly string[];
  /** By region: rules in the order of their priority: tags, subnets, VPCs, each as in the file. */
  readonly regions: ReadonlyMap<string, readonly MirrorRule[]>;
}

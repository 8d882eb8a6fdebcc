// The limits and habits of the fake EC2 that a test may change, as EC2 has them where it does not.

export interface FakeSettings {
  /** The most that a page of a description has. */
  page: number;
  /** How many reads do not see a change after it was made. */
  lag: number;
  /** Calls of DescribeInstances that still say `pending` of a launched instance; null: it never runs. */
  startsAfter: number | null;
  /** Calls of DescribeInstances that still say `shutting-down` of a terminated one. */
  endsAfter: number;
  dryRun: 'honoured' | 'ignored';
  /** Unix ms: when what is launched is launched. */
  now: () => number;
  sessionsPerInterface: number;
  sourcesPerTarget: number;
  /** Of a target whose instance is one of the largest. */
  sourcesPerLargeTarget: number;
  sessionsPerAccount: number;
  targetsPerAccount: number;
  readonly largeTypes: Set<string>;
  /** Families of instances that cannot be mirrored: the part of the type before the dot. */
  readonly unsupportedFamilies: Set<string>;
  /** Subnets in which instances can be launched: id → VPC and zone; those of the world's instances are there too. */
  readonly subnets: Map<string, { readonly vpc: string; readonly zone: string }>;
}

export const usualSettings = (): FakeSettings => ({
  page: 1000,
  lag: 0,
  startsAfter: 1,
  endsAfter: 1,
  dryRun: 'honoured',
  now: () => Date.now(),
  sessionsPerInterface: 3,
  sourcesPerTarget: 10,
  sourcesPerLargeTarget: 100,
  sessionsPerAccount: 10_000,
  targetsPerAccount: 10_000,
  largeTypes: new Set(['m5.24xlarge', 'm6i.32xlarge', 'c5.18xlarge', 'c5.24xlarge', 'c5n.18xlarge', 'r5.24xlarge']),
  unsupportedFamilies: new Set(['t1', 't2', 'm1', 'm2', 'm3', 'c1', 'c3', 'r3', 'i2', 'g2', 'p2']),
  subnets: new Map(),
});

// The limits of Traffic Mirroring that no request can raise, and the times that the planner works with.

/**
 * Quotas of an account and region, and rules of the API; source: Amazon VPC Traffic Mirroring Guide, "Quotas", and EC2
 * API Reference, CreateTrafficMirrorSession. None is adjustable.
 */
export const EC2_LIMITS = {
  sessions: 10_000,
  targets: 10_000,
  /** Sessions of one source interface, whoever made them. */
  sessionsPerInterface: 3,
  firstNumber: 1,
  lastNumber: 32_766,
} as const;

/** A target instance that does not run by then never will. */
export const START_GRACE = 10 * 60_000; // ms

/** So many failures of a rule's target instances within FAILURE_SPAN, and no more are started. */
export const MAX_FAILED_INSTANCES = 3;
export const FAILURE_SPAN = 60 * 60_000; // ms

/** A target of ours without a session is deleted after so long, unless the caller says another time. */
export const EMPTY_GRACE = 15 * 60_000; // ms

/** A session that was made so recently may be missing from a read that is behind. */
export const READ_LAG = 60_000; // ms

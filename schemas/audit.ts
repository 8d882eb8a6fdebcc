// What an audit says: the sums over every commit that it read, and each place where the store does not bear them out.
import type { RejectReason } from './rejects.ts';

export type AuditValue = string | number | bigint | null;

/** One thing that is not as it was stated. `source` names the epoch, part, shard or object that it is about. */
export interface AuditGap {
  readonly source: string;
  readonly what: string;
  readonly expected: AuditValue;
  readonly found: AuditValue;
}

/**
 * `vpcflow audit --format json`, with integers of any size.
 * lines = flows + nodata + skipdata + events + skipped + rejects.lines: each line once, also one that was replayed.
 */
export interface AuditReport {
  readonly ok: boolean; // there are no gaps
  readonly objects: bigint; // named by the commits
  readonly records: bigint;
  readonly envelopes: bigint;
  readonly control: bigint;
  readonly duplicates: bigint;
  readonly overlaps: bigint;
  readonly lines: bigint;
  readonly flows: bigint;
  readonly nodata: bigint;
  readonly skipdata: bigint;
  readonly events: bigint;
  /** Left out because another feed has evidence of their interface and minute. */
  readonly skipped: bigint;
  /** What is left of them: those that replays took over are not among them. */
  readonly rejects: {
    readonly total: bigint;
    readonly lines: bigint;
    readonly envelopes: bigint;
    readonly by_reason: Readonly<Partial<Record<RejectReason, bigint>>>;
  };
  /** Rejected lines that replays took over: they are counted as what they turned out to be. */
  readonly replayed: bigint;
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly rows: bigint; // found in the digests
  readonly gaps: readonly AuditGap[];
}

/** A report, and what it says beside it: neither is a gap. */
export interface AuditResult {
  readonly report: AuditReport;
  /** Sources that are claimed and not committed yet, or were committed after the audit had fixed its list. */
  readonly open: readonly string[];
  /** Evidence that is no longer kept, a sentence each. */
  readonly expired: readonly string[];
}

// What a source contained, counted out: the numbers that a commit states and the audit proves.
import type { RejectReason } from './rejects.ts';

export interface RejectCounts {
  readonly total: number;
  readonly lines: number;
  readonly envelopes: number;
  readonly by_reason: Readonly<Partial<Record<RejectReason, number>>>;
}

/**
 * lines = flows + nodata + skipdata + events + rejects.lines + skipped. `records` counts every record read (objects in a
 * backfill), `envelopes` the data messages merged once; control messages and duplicates stand beside them.
 */
export interface Counts {
  readonly records: number;
  readonly envelopes: number;
  readonly control: number;
  readonly duplicates: number;
  readonly overlaps: number;
  readonly lines: number;
  readonly flows: number;
  readonly nodata: number;
  readonly skipdata: number;
  readonly events: number;
  /** Lines left out because another feed has evidence of their interface and minute; absent: none. */
  readonly skipped?: number;
  readonly rejects: RejectCounts;
  /** Exact sums over the flows; bigint because a sum may pass 2^53. Written as plain JSON integers. */
  readonly packets: bigint;
  readonly bytes: bigint;
}

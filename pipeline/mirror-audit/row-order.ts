// The order of audit rows: by time, then the state of the finding, then plan, then place in the plan; rows come in any
// order, and more than once.
import type { MirroringRow } from '../../schemas/mirroring/audit-row.ts';

/** Where a row stands. */
export interface RowPlace {
  readonly time: number; // Unix ms
  /** Of the finding that it is about, Unix ms: of what two workers decide in one millisecond, the later state counts. */
  readonly updated: number;
  readonly plan: string;
  readonly seq: number;
}

/** Null for a row that does not say where it stands, which no version writes. */
export const placeOf = ({ time, plan, seq, finding_updated }: MirroringRow): RowPlace | null =>
  time === null || plan === null || seq === null ? null : { time, updated: finding_updated ?? 0, plan, seq };

/** Negative where `a` comes before `b`, 0 where they are the same row. */
export const compareRows = (a: RowPlace, b: RowPlace): number =>
  a.time - b.time || a.updated - b.updated || (a.plan < b.plan ? -1 : a.plan > b.plan ? 1 : 0) || a.seq - b.seq;

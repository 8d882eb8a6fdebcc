// Turns a commit and what its objects were found to hold into the gaps between the two.
import type { AuditGap, AuditValue } from '../../schemas/audit.ts';
import type { Commit, ObjectTable } from '../../schemas/chain.ts';
import { ENVELOPE_REASONS, LINE_REASONS, type RejectReason } from '../../schemas/rejects.ts';
import { rowCount } from '../rejects/row-ranges.ts';
import { claimKindOf } from './agreement.ts';
import { reasonsOf } from './sums.ts';

/** What the rows of one kind of object of a commit add up to. */
export interface FoundTables {
  readonly digests: { readonly rows: bigint; readonly flows: bigint; readonly packets: bigint; readonly bytes: bigint };
  readonly coverage: { readonly nodata: bigint; readonly skipdata: bigint };
  readonly rejects: ReadonlyMap<RejectReason, number>;
  readonly events: bigint;
  /** Tables of which an object is missing or unreadable: that is a gap of its own, their sums say nothing. */
  readonly incomplete: ReadonlySet<ObjectTable>;
}

/** A gap, unless what was found is what was stated. */
export const gapUnless = (source: string, what: string, expected: AuditValue, found: AuditValue): AuditGap[] => {
  const same =
    typeof expected === 'string' || expected === null || typeof found === 'string' || found === null
      ? expected === found
      : BigInt(expected) === BigInt(found);
  return same ? [] : [{ source, what, expected, found }];
};

const LINE: ReadonlySet<string> = new Set(LINE_REASONS);
const ENVELOPE: ReadonlySet<string> = new Set(ENVELOPE_REASONS);

const sumOf = (reasons: readonly (readonly [RejectReason, number])[]): number =>
  reasons.reduce((sum, [, count]) => sum + count, 0);

/** Whether a commit's counts agree with one another: every line that came in is counted out. */
export const countGaps = (commit: Commit): AuditGap[] => {
  const { source, counts } = commit;
  const { rejects } = counts;
  const read = counts.flows + counts.nodata + counts.skipdata + counts.events;
  const out = read + rejects.lines + (counts.skipped ?? 0);
  const reasons = reasonsOf(rejects.by_reason);
  const ofLines = reasons.filter(([reason]) => LINE.has(reason));
  const surely = sumOf(ofLines.filter(([reason]) => !ENVELOPE.has(reason)));
  // A mistake of the decoder is a line's or an envelope's: by reason alone, the rejected lines have two limits.
  const lines = Math.min(Math.max(rejects.lines, surely), sumOf(ofLines));
  return [
    ...gapUnless(source, 'lines counted out', counts.lines, out),
    ...gapUnless(source, 'rejects by scope', rejects.total, rejects.lines + rejects.envelopes),
    ...gapUnless(source, 'rejects by reason', rejects.total, sumOf(reasons)),
    ...gapUnless(source, 'rejected lines by reason', rejects.lines, lines),
    ...replayGaps(commit),
  ];
};

/** Whether a commit that replays rejects takes over as many lines as it counts, and no other commit does. */
const replayGaps = ({ source, counts, replays }: Commit): AuditGap[] => {
  if (replays === undefined) return [];
  const rows = rowCount(replays.rows);
  const ofReplay = claimKindOf(source) === 'replay-claim' && source.slice('replay-000000-'.length) === replays.source;
  return [
    ...(ofReplay ? [] : [{ source, what: 'replay', expected: null, found: replays.source }]),
    ...gapUnless(source, 'lines of the replay', rows, counts.lines),
    ...gapUnless(source, 'reasons of the replay', rows, sumOf(reasonsOf(replays.by_reason))),
    ...gapUnless(source, 'rejects of the replay', 0, counts.rejects.total),
  ];
};

/** Whether the rows of a commit's objects add up to its counts. */
export const tableGaps = (commit: Commit, found: FoundTables): AuditGap[] => {
  const { source, counts } = commit;
  const gaps: AuditGap[] = [];
  const check = (table: ObjectTable, what: string, expected: AuditValue, value: AuditValue): void => {
    if (!found.incomplete.has(table)) gaps.push(...gapUnless(source, what, expected, value));
  };
  check('digests', 'flows', counts.flows, found.digests.flows);
  check('digests', 'packets', counts.packets, found.digests.packets);
  check('digests', 'bytes', counts.bytes, found.digests.bytes);
  check('coverage', 'nodata', counts.nodata, found.coverage.nodata);
  check('coverage', 'skipdata', counts.skipdata, found.coverage.skipdata);
  check('events', 'events', counts.events, found.events);
  const reasons = new Set([...reasonsOf(counts.rejects.by_reason).map(([reason]) => reason), ...found.rejects.keys()]);
  for (const reason of [...reasons].sort()) {
    check('rejects', `rejects: ${reason}`, counts.rejects.by_reason[reason] ?? 0, found.rejects.get(reason) ?? 0);
  }
  return gaps;
};

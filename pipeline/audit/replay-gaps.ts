// Turns what a replay says that it took over, and what those rows of the reject log are, into the gaps between the two.
import type { AuditGap } from '../../schemas/audit.ts';
import type { ReplayClaim, Replays } from '../../schemas/chain.ts';
import type { Reject, RejectReason } from '../../schemas/rejects.ts';
import { replaySource } from '../keys.ts';
import { whyNotReplayable } from '../rejects/reject-row.ts';
import { RowCursor, rowCount, unionOf } from '../rejects/row-ranges.ts';
import { gapUnless } from './commit-gaps.ts';
import { reasonsOf } from './sums.ts';

/** Is shown the rows of a reject log in order, and counts those that one replay names. */
export class ReplayedRows {
  readonly #claim: ReplayClaim;
  readonly #replays: Replays | null;
  readonly #cursor: RowCursor;
  readonly #reasons = new Map<RejectReason, number>();
  #rows = 0;
  #unfit: number | null = null;

  /** @param replays what its commit states; null: it is not committed yet. */
  constructor(claim: ReplayClaim, replays: Replays | null) {
    this.#claim = claim;
    this.#replays = replays;
    this.#cursor = new RowCursor(unionOf([claim.rows]));
  }

  add(row: number, reject: Reject): void {
    if (!this.#cursor.has(row)) return;
    this.#rows++;
    this.#reasons.set(reject.reason, (this.#reasons.get(reject.reason) ?? 0) + 1);
    if (whyNotReplayable(reject) !== null) this.#unfit ??= row;
  }

  /** To be asked after the last row. */
  gaps(): AuditGap[] {
    const { source, replay, rows } = this.#claim;
    const name = replaySource(source, replay);
    const gaps = gapUnless(name, 'rows of the reject log', rowCount(unionOf([rows])), this.#rows);
    if (this.#unfit !== null)
      gaps.push({ source: name, what: 'row that is a line', expected: null, found: this.#unfit });
    if (this.#replays === null) return gaps;
    const stated = new Map(reasonsOf(this.#replays.by_reason));
    for (const reason of [...new Set([...stated.keys(), ...this.#reasons.keys()])].sort()) {
      const [expected, found] = [stated.get(reason) ?? 0, this.#reasons.get(reason) ?? 0];
      gaps.push(...gapUnless(name, `replayed: ${reason}`, expected, found));
    }
    return gaps;
  }
}

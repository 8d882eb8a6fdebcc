// Turns the claims of one source's replays, in order, into the gaps among them: 0 to the last, committed, no row twice.
import type { AuditGap } from '../../schemas/audit.ts';
import type { ReplayClaim, RowRanges } from '../../schemas/chain.ts';
import { replayClaimKey, replaySource } from '../keys.ts';
import { areRanges, sharedRow, unionOf } from '../rejects/row-ranges.ts';
import type { PartEnd } from './part-walk.ts';

export class ReplayWalk {
  readonly #source: string;
  #taken: RowRanges = [];
  #before: ReplayClaim | null = null;
  #end: PartEnd = 'commit';

  /** @param source whose rejects are replayed. */
  constructor(source: string) {
    this.#source = source;
  }

  /** The next claim and what came of it. */
  next(claim: ReplayClaim, end: PartEnd): AuditGap[] {
    const { replay, rows } = claim;
    const source = replaySource(this.#source, replay);
    const gaps: AuditGap[] = [];
    const due = this.#before === null ? 0 : this.#before.replay + 1;
    if (replay !== due) {
      gaps.push({ source, what: 'missing replay', expected: replayClaimKey(this.#source, due), found: null });
    }
    if (this.#before !== null && this.#end === 'none') {
      const expected = `the commit of ${replayClaimKey(this.#source, this.#before.replay)}`;
      const before = replaySource(this.#source, this.#before.replay);
      gaps.push({ source: before, what: 'missing commit', expected, found: null });
    }
    if (!areRanges(rows)) gaps.push({ source, what: 'ascending rows', expected: null, found: JSON.stringify(rows) });
    const twice = sharedRow(this.#taken, rows);
    if (twice !== null) gaps.push({ source, what: 'row of one replay only', expected: null, found: twice });
    this.#taken = unionOf([this.#taken, rows]);
    this.#before = claim;
    this.#end = end;
    return gaps;
  }

  /** The last replay when it is claimed and not committed, or null. */
  get open(): string | null {
    return this.#before === null || this.#end === 'commit' ? null : replaySource(this.#source, this.#before.replay);
  }
}

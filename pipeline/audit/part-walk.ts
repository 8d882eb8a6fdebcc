// Turns the claims of one object's parts, in order, into the gaps among them: 0 to the last one, contiguous, committed.
import type { AuditGap } from '../../schemas/audit.ts';
import type { PartClaim } from '../../schemas/chain.ts';
import { backfillSource, partClaimKey } from '../keys.ts';

/** What lies in a part's place under `commits/`. `younger`: it came after the audit had fixed its list. */
export type PartEnd = 'commit' | 'younger' | 'none';

export class PartWalk {
  #before: PartClaim | null = null;
  #end: PartEnd = 'commit';

  /** The next claim and what came of it. */
  next(claim: PartClaim, end: PartEnd): AuditGap[] {
    const { identity, part, firstLine } = claim;
    const source = backfillSource(identity, part);
    const gaps: AuditGap[] = [];
    const due = this.#before === null ? 0 : this.#before.part + 1;
    if (part !== due) {
      gaps.push({ source, what: 'missing part', expected: partClaimKey(identity, due), found: null });
    }
    if (this.#before !== null && this.#end === 'none') {
      const commit = `the commit of ${partClaimKey(identity, this.#before.part)}`;
      gaps.push({
        source: backfillSource(identity, this.#before.part),
        what: 'missing commit',
        expected: commit,
        found: null,
      });
    }
    if (this.#before?.final) gaps.push({ source, what: 'part after the last one', expected: null, found: part });
    const dueLine = this.#before === null ? 0 : this.#before.firstLine + this.#before.lines;
    if (part === due && firstLine !== dueLine) {
      gaps.push({ source, what: 'first line of the part', expected: dueLine, found: firstLine });
    }
    this.#before = claim;
    this.#end = end;
    return gaps;
  }

  /** The source that the object has still to be read on from, or null when its last part is committed. */
  get open(): string | null {
    if (this.#before === null) return null;
    const { identity, part, final } = this.#before;
    if (this.#end !== 'commit') return backfillSource(identity, part);
    return final ? null : backfillSource(identity, part + 1);
  }
}

// Turns the claims of one shard, in order, into the gaps of its chain: linear, unbroken, each link but the last committed.
import type { AuditGap } from '../../schemas/audit.ts';
import type { Claim } from '../../schemas/chain.ts';
import { compareSequences } from '../epoch/sequence.ts';
import { CHAIN_START, claimKey, streamSource } from '../keys.ts';

/** What lies in a link's place under `commits/`. `younger`: it came after the audit had fixed its list. */
export type LinkEnd =
  | { readonly kind: 'commit' }
  | { readonly kind: 'tombstone'; readonly last: string }
  | { readonly kind: 'younger'; readonly last: string }
  | { readonly kind: 'none' };

/**
 *     after-0 --last--> after-17 --last--> after-42 --tombstone's last--> after-50 ...
 *
 * The next link begins where a link's claim ends, or where its tombstone says. The claim of the next link is written
 * only after the commit of this one, so a claim without a commit is the last of its chain, or something is missing.
 */
export class ChainWalk {
  readonly #shard: string; // stream and shard, for messages
  readonly #wholeChain: boolean;
  #before: Claim | null = null;
  #expected: string | null = null;
  #pending: Claim | null = null;
  #beginning: string | null = null;

  /** `wholeChain` false: the walk begins somewhere inside, and where it begins means nothing. */
  constructor(stream: string, shard: string, wholeChain: boolean) {
    this.#shard = `${stream}-${shard}`;
    this.#wholeChain = wholeChain;
  }

  /** Where the first kept claim begins when that is not the chain's beginning: what was before has expired. */
  get beginning(): string | null {
    return this.#wholeChain && this.#beginning !== CHAIN_START ? this.#beginning : null;
  }

  /** The next claim and what came of it. */
  next(claim: Claim, end: LinkEnd): AuditGap[] {
    const source = streamSource(claim.stream, claim.shard, claim.after);
    const gaps = [...this.#pendingGap(), ...this.#joint(claim, source)];
    const { after, first, last, gap } = claim;
    if (compareSequences(after, first) >= 0 || compareSequences(first, last) > 0) {
      gaps.push({ source, what: 'extent of the claim', expected: `after ${after}`, found: `${first} to ${last}` });
    }
    if (gap !== undefined) {
      const expected = `records after ${gap.after} and before ${gap.before}`;
      gaps.push({ source, what: 'unreadable records', expected, found: null });
    }
    this.#beginning ??= after;
    this.#before = claim;
    this.#pending = end.kind === 'none' ? claim : null;
    const next = end.kind === 'tombstone' || end.kind === 'younger' ? end.last : last;
    if (this.#expected === null || compareSequences(next, this.#expected) > 0) this.#expected = next;
    return gaps;
  }

  /** A claim that cannot be read: the walk goes on behind it as if it began there. */
  skip(): void {
    this.#before = null;
    this.#expected = null;
    this.#pending = null;
  }

  /** The claim at the chain's end that nobody has committed yet, or null. */
  get open(): Claim | null {
    return this.#pending;
  }

  #pendingGap(): AuditGap[] {
    if (this.#pending === null) return [];
    const { stream, shard, after } = this.#pending;
    const source = streamSource(stream, shard, after);
    return [
      { source, what: 'missing commit', expected: `the commit of ${claimKey(stream, shard, after)}`, found: null },
    ];
  }

  #joint(claim: Claim, source: string): AuditGap[] {
    if (this.#expected === null || this.#before === null) return [];
    const order = compareSequences(claim.after, this.#expected);
    if (order > 0) {
      const expected = claimKey(claim.stream, claim.shard, this.#expected);
      return [{ source: this.#shard, what: 'missing claim', expected, found: `next is after ${claim.after}` }];
    }
    if (order < 0)
      return [{ source, what: 'overlapping claim', expected: `after ${this.#expected}`, found: claim.after }];
    if (claim.previous === this.#before.after) return [];
    return [{ source, what: 'link before', expected: this.#before.after, found: claim.previous }];
  }
}

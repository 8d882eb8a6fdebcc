// Reads claims and compares each with the commit that was written under it.
import { type AnyClaim, agreementMark, claimed, committed, disagreement } from '../../../pipeline/audit/agreement.ts';
import type { PartEnd } from '../../../pipeline/audit/part-walk.ts';
import type { AuditSums } from '../../../pipeline/audit/sums.ts';
import { commitKey } from '../../../pipeline/keys.ts';
import type { ArrivalSpan, Commit, Tombstone } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { readCommit } from '../epoch-writer.ts';
import { readAhead } from '../read-ahead.ts';
import type { CommitMark } from './commit-list.ts';

const READS_AT_ONCE = 16;

/** A claim, or why there is none. */
export type ReadClaim<T> = { readonly key: string; readonly claim: T | null; readonly why: string };

type Parse<T> = (key: string, body: Buffer) => T;

export class ClaimCheck {
  readonly #store: ObjectStore;
  readonly #sums: AuditSums;
  readonly #marks: Map<string, CommitMark>;

  /** @param marks of the listed commits by key; each is taken out when its claim is met. */
  constructor(store: ObjectStore, sums: AuditSums, marks: Map<string, CommitMark>) {
    this.#store = store;
    this.#sums = sums;
    this.#marks = marks;
  }

  /** The mark of a commit that the audit has listed. */
  take(arrival: ArrivalSpan, source: string): CommitMark | undefined {
    const key = commitKey(arrival.first, source);
    const mark = this.#marks.get(key);
    this.#marks.delete(key);
    return mark;
  }

  /** What came of a claim that has no chain of sequence numbers. `skips`: whether it names what is to be left out. */
  async end(key: string, claim: AnyClaim, source: string, skips: boolean): Promise<PartEnd> {
    const mark = this.take(claim.arrival, source);
    if (mark === undefined) return (await this.commitOf(claim.arrival, source)) === null ? 'none' : 'younger';
    await this.agree(source, key, claim, mark, skips);
    return 'commit';
  }

  /** A claim and its commit state the same extent, settings and objects; what claims nothing to skip skipped nothing. */
  async agree(source: string, key: string, claim: AnyClaim, mark: CommitMark, skips: boolean): Promise<void> {
    if (mark.kind === 'broken' || mark.kind === 'tombstone') return;
    if (!skips && mark.skipped > 0) {
      this.#sums.gap({ source, what: 'skipped lines as claimed', expected: 0, found: mark.skipped });
    }
    const fixed = claimed(claim, key);
    if (agreementMark(fixed) === mark.agreement) return;
    const commit = await this.commitOf(claim.arrival, source);
    const difference = commit?.kind === 'commit' ? disagreement(fixed, committed(commit, claim.kind)) : null;
    this.#sums.gap({
      source,
      what: `commit as claimed${difference === null ? '' : `: ${difference.member}`}`,
      expected: difference?.claim ?? key,
      found: difference?.commit ?? null,
    });
  }

  /** As it lies in the store now; a broken one is none. */
  async commitOf(arrival: ArrivalSpan, source: string): Promise<Commit | Tombstone | null> {
    try {
      return await readCommit(this.#store, arrival, source);
    } catch (error) {
      if (error instanceof VpcflowError && error.code === 'VF_STORE_CORRUPT') return null;
      throw error;
    }
  }

  claims<T>(keys: readonly string[], parse: Parse<T>): AsyncIterable<ReadClaim<T>> {
    return readAhead(keys, READS_AT_ONCE, (key) => this.claim(key, parse));
  }

  async claim<T>(key: string, parse: Parse<T>): Promise<ReadClaim<T>> {
    const stored = await this.#store.get(key);
    if (stored === null) return { key, claim: null, why: 'it is gone' };
    try {
      return { key, claim: parse(key, stored.body), why: '' };
    } catch (error) {
      if (!(error instanceof VpcflowError)) throw error;
      return { key, claim: null, why: error.message };
    }
  }
}

// Turns the claims of a store into the gaps of its chains, by walking each shard and each backfilled object.
import { agreementMark, claimed, committed, disagreement } from '../../../pipeline/audit/agreement.ts';
import { ChainWalk, type LinkEnd } from '../../../pipeline/audit/chain-walk.ts';
import { type PartEnd, PartWalk } from '../../../pipeline/audit/part-walk.ts';
import type { AuditSums } from '../../../pipeline/audit/sums.ts';
import { parseClaim, parsePartClaim } from '../../../pipeline/documents.ts';
import { backfillSource, commitKey, streamSource } from '../../../pipeline/keys.ts';
import type { Claim, Commit, PartClaim, Tombstone } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { readCommit } from '../epoch-writer.ts';
import { readAhead } from '../read-ahead.ts';
import { type ArrivalHours, type CommitMark, isInHours } from './commit-list.ts';

const READS_AT_ONCE = 16;
/** Approximate arrival times of one shard are in order to within this. */
const JITTER = 5 * 60_000; // ms

/** A shard that has claims, and the first that is kept. */
export interface KnownChain {
  readonly stream: string;
  readonly shard: string;
  readonly beginning: string; // `after` of the first kept claim, padded as in its key
}

type Read<T> = { readonly key: string; readonly claim: T | null; readonly why: string };

export class ChainAudit {
  readonly #store: ObjectStore;
  readonly #hours: ArrivalHours;
  readonly #sums: AuditSums;
  /** Marks of the listed commits by key; each is taken out when its claim is met. */
  readonly #marks: Map<string, CommitMark>;
  /** Shards that have claims, by the name that their sources begin with. */
  readonly chains = new Map<string, KnownChain>();

  constructor(store: ObjectStore, hours: ArrivalHours, sums: AuditSums, marks: Map<string, CommitMark>) {
    this.#store = store;
    this.#hours = hours;
    this.#sums = sums;
    this.#marks = marks;
  }

  /** Walks all chains; the marks that are left have no claim. */
  async walk(signal?: AbortSignal): Promise<void> {
    let group = '';
    let keys: string[] = [];
    for await (const { key } of this.#store.list('claims/')) {
      const parent = key.slice(0, key.lastIndexOf('/') + 1);
      if (parent !== group) {
        signal?.throwIfAborted();
        await this.#group(group, keys);
        [group, keys] = [parent, []];
      }
      keys.push(key);
    }
    await this.#group(group, keys);
  }

  async #group(parent: string, keys: readonly string[]): Promise<void> {
    const [, stream, shard] = parent.split('/');
    if (keys.length === 0 || parent === 'claims/names/') return;
    if (stream === 'backfill') await this.#object(shard, keys);
    else await this.#shard(stream, shard, keys);
  }

  async #shard(stream: string, shard: string, keys: readonly string[]): Promise<void> {
    const name = `${stream}-${shard}`;
    this.chains.set(name, { stream, shard, beginning: /after-(\d+)\.json$/.exec(keys[0])?.[1] ?? '' });
    const from = this.#hours === null ? 0 : await this.#search(keys, this.#hours.start - JITTER);
    const walk = new ChainWalk(stream, shard, from === 0);
    let wasInHours = false;
    for await (const { key, claim, why } of this.#claims(keys.slice(from), parseClaim)) {
      if (claim === null) {
        this.#sums.gap({ source: name, what: 'readable claim', expected: key, found: why });
        walk.skip();
        continue;
      }
      const gaps = walk.next(claim, await this.#linkEnd(key, claim));
      const inHours = isInHours(this.#hours, claim.arrival.first);
      if (inHours || wasInHours) this.#sums.gap(...gaps);
      wasInHours = inHours;
      if (this.#hours !== null && claim.arrival.first >= this.#hours.stop + JITTER) break;
    }
    const open = walk.open;
    if (open !== null && isInHours(this.#hours, open.arrival.first)) {
      this.#sums.open(streamSource(stream, shard, open.after));
    }
    if (walk.beginning !== null) {
      this.#sums.expired(`the chain of ${name} is kept from after ${walk.beginning} on; what was before is unproven`);
    }
  }

  /** What came of a claim: from the list, or (younger, or outside the hours) from the store itself. */
  async #linkEnd(key: string, claim: Claim): Promise<LinkEnd> {
    const source = streamSource(claim.stream, claim.shard, claim.after);
    const mark = this.#take(commitKey(claim.arrival.first, source));
    if (mark?.kind === 'tombstone') return mark;
    if (mark !== undefined) {
      await this.#agree(source, key, claim, mark);
      return { kind: 'commit' };
    }
    const found = await this.#commitOf(claim, source);
    if (found === null) return { kind: 'none' };
    if (isInHours(this.#hours, claim.arrival.first)) this.#sums.open(source);
    return { kind: 'younger', last: found.kind === 'commit' ? claim.last : found.last };
  }

  async #object(identity: string, keys: readonly string[]): Promise<void> {
    const walk = new PartWalk();
    let inHours = false;
    for await (const { key, claim, why } of this.#claims(keys, parsePartClaim)) {
      if (claim === null) {
        this.#sums.gap({ source: `backfill-${identity}`, what: 'readable claim', expected: key, found: why });
        continue;
      }
      inHours = isInHours(this.#hours, claim.arrival.first);
      if (!inHours) return; // the arrival of all parts is that of the first
      this.#sums.gap(...walk.next(claim, await this.#partEnd(key, claim)));
    }
    if (inHours && walk.open !== null) this.#sums.open(walk.open);
  }

  async #partEnd(key: string, claim: PartClaim): Promise<PartEnd> {
    const source = backfillSource(claim.identity, claim.part);
    const mark = this.#take(commitKey(claim.arrival.first, source));
    if (mark === undefined) return (await this.#commitOf(claim, source)) === null ? 'none' : 'younger';
    await this.#agree(source, key, claim, mark);
    return 'commit';
  }

  /** A claim and its commit state the same extent, settings and objects. */
  async #agree(source: string, key: string, claim: Claim | PartClaim, mark: CommitMark): Promise<void> {
    if (mark.kind === 'broken' || mark.kind === 'tombstone') return;
    const fixed = claimed(claim, key);
    if (agreementMark(fixed) === mark.agreement) return;
    const commit = await this.#commitOf(claim, source);
    const difference =
      commit?.kind === 'commit' ? disagreement(fixed, committed(commit, claim.kind === 'claim')) : null;
    this.#sums.gap({
      source,
      what: `commit as claimed${difference === null ? '' : `: ${difference.member}`}`,
      expected: difference?.claim ?? key,
      found: difference?.commit ?? null,
    });
  }

  #take(key: string): CommitMark | undefined {
    const mark = this.#marks.get(key);
    this.#marks.delete(key);
    return mark;
  }

  /** As it lies in the store now; a broken one is none. */
  async #commitOf(claim: Claim | PartClaim, source: string): Promise<Commit | Tombstone | null> {
    try {
      return await readCommit(this.#store, claim.arrival, source);
    } catch (error) {
      if (error instanceof VpcflowError && error.code === 'VF_STORE_CORRUPT') return null;
      throw error;
    }
  }

  #claims<T>(keys: readonly string[], parse: (key: string, body: Buffer) => T): AsyncIterable<Read<T>> {
    return readAhead(keys, READS_AT_ONCE, (key) => this.#claim(key, parse));
  }

  async #claim<T>(key: string, parse: (key: string, body: Buffer) => T): Promise<Read<T>> {
    const stored = await this.#store.get(key);
    if (stored === null) return { key, claim: null, why: 'it is gone' };
    try {
      return { key, claim: parse(key, stored.body), why: '' };
    } catch (error) {
      if (!(error instanceof VpcflowError)) throw error;
      return { key, claim: null, why: error.message };
    }
  }

  /** The index of the first claim that arrived at or after a time: arrivals of one shard are in order but for jitter. */
  async #search(keys: readonly string[], time: number): Promise<number> {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { claim } = await this.#claim(keys[middle], parseClaim);
      if (claim !== null && claim.arrival.first < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

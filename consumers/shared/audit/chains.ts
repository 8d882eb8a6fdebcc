// Turns the claims of a store into the gaps of its chains, by walking each shard and each backfilled object.
import { ChainWalk, type LinkEnd } from '../../../pipeline/audit/chain-walk.ts';
import { PartWalk } from '../../../pipeline/audit/part-walk.ts';
import type { AuditSums } from '../../../pipeline/audit/sums.ts';
import { parseClaim, parsePartClaim } from '../../../pipeline/documents.ts';
import { backfillSource, streamSource } from '../../../pipeline/keys.ts';
import type { Claim } from '../../../schemas/chain.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { ClaimCheck } from './claim-check.ts';
import { type ArrivalHours, type CommitMark, isInHours } from './commit-list.ts';
import { ReplayAudit } from './replays.ts';

/** Approximate arrival times of one shard are in order to within this. */
const JITTER = 5 * 60_000; // ms

/** A shard that has claims, and the first that is kept. */
export interface KnownChain {
  readonly stream: string;
  readonly shard: string;
  readonly beginning: string; // `after` of the first kept claim, padded as in its key
}

export class ChainAudit {
  readonly #store: ObjectStore;
  readonly #hours: ArrivalHours;
  readonly #sums: AuditSums;
  readonly #check: ClaimCheck;
  readonly #replays: ReplayAudit;
  /** Shards that have claims, by the name that their sources begin with. */
  readonly chains = new Map<string, KnownChain>();

  /** @param marks of the listed commits by key; each is taken out when its claim is met. */
  constructor(store: ObjectStore, hours: ArrivalHours, sums: AuditSums, marks: Map<string, CommitMark>) {
    this.#store = store;
    this.#hours = hours;
    this.#sums = sums;
    this.#check = new ClaimCheck(store, sums, marks);
    this.#replays = new ReplayAudit(store, hours, sums, this.#check);
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
    else if (stream === 'replay') await this.#replays.source(shard, keys);
    else await this.#shard(stream, shard, keys);
  }

  async #shard(stream: string, shard: string, keys: readonly string[]): Promise<void> {
    const name = `${stream}-${shard}`;
    this.chains.set(name, { stream, shard, beginning: /after-(\d+)\.json$/.exec(keys[0])?.[1] ?? '' });
    const from = this.#hours === null ? 0 : await this.#search(keys, this.#hours.start - JITTER);
    const walk = new ChainWalk(stream, shard, from === 0);
    let wasInHours = false;
    for await (const { key, claim, why } of this.#check.claims(keys.slice(from), parseClaim)) {
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
    const mark = this.#check.take(claim.arrival, source);
    if (mark?.kind === 'tombstone') return mark;
    if (mark !== undefined) {
      await this.#check.agree(source, key, claim, mark, false);
      return { kind: 'commit' };
    }
    const found = await this.#check.commitOf(claim.arrival, source);
    if (found === null) return { kind: 'none' };
    if (isInHours(this.#hours, claim.arrival.first)) this.#sums.open(source);
    return { kind: 'younger', last: found.kind === 'commit' ? claim.last : found.last };
  }

  async #object(identity: string, keys: readonly string[]): Promise<void> {
    const walk = new PartWalk();
    let inHours = false;
    for await (const { key, claim, why } of this.#check.claims(keys, parsePartClaim)) {
      if (claim === null) {
        this.#sums.gap({ source: `backfill-${identity}`, what: 'readable claim', expected: key, found: why });
        continue;
      }
      inHours = isInHours(this.#hours, claim.arrival.first);
      if (!inHours) return; // the arrival of all parts is that of the first
      const source = backfillSource(identity, claim.part);
      this.#sums.gap(...walk.next(claim, await this.#check.end(key, claim, source, claim.skip !== undefined)));
    }
    if (inHours && walk.open !== null) this.#sums.open(walk.open);
  }

  /** The index of the first claim that arrived at or after a time: arrivals of one shard are in order but for jitter. */
  async #search(keys: readonly string[], time: number): Promise<number> {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { claim } = await this.#check.claim(keys[middle], parseClaim);
      if (claim !== null && claim.arrival.first < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

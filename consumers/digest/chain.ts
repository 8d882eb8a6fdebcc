// Reads and writes the documents of one shard's chain in the store: claims, commits, identities, watermark.
import { parseClaim, parseShardList, parseWatermark, serialize } from '../../pipeline/documents.ts';
import { IDENTITY_LIMIT, IDENTITY_WINDOW, type Identity } from '../../pipeline/epoch/identities.ts';
import { decodeIdentities } from '../../pipeline/epoch/identity-file.ts';
import { compareSequences } from '../../pipeline/epoch/sequence.ts';
import {
  CHAIN_START,
  claimKey,
  claimPrefix,
  identitiesKey,
  shardsKey,
  streamSource,
  watermarkKey,
} from '../../pipeline/keys.ts';
import type { Claim, ShardInfo, Watermark } from '../../schemas/chain.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { readCommit, removeObjects } from '../shared/epoch-writer.ts';

/** How often another writer of a watermark may be faster before the store counts as broken: two or three ever write it. */
const MAX_RACES = 20;
/** Arrivals are only nearly in order: what the window of identities is widened by when it is loaded. */
const ARRIVAL_SLACK = 10 * 60_000; // ms

/** A link as it lies in the store. `done`: where it ends once it is committed or buried, null before. */
export interface Link {
  readonly claim: Claim | null;
  readonly done: string | null;
}

export class ShardChain {
  readonly store: ObjectStore;
  readonly stream: string;
  readonly shard: string;
  #watermark: { readonly document: Watermark; readonly tag: string } | null = null;

  constructor(store: ObjectStore, stream: string, shard: string) {
    this.store = store;
    this.stream = stream;
    this.shard = shard;
  }

  source(after: string): string {
    return streamSource(this.stream, this.shard, after);
  }

  /** Where a walk along the chain may begin: after its last link known to be committed, or at its first kept claim. */
  async base(): Promise<{ readonly after: string; readonly link: string | null; readonly watermark: number | null }> {
    const watermark = await this.#readWatermark();
    if (watermark !== null && watermark.link !== null) {
      return { after: watermark.last, link: watermark.link, watermark: watermark.watermark };
    }
    for await (const { key } of this.store.list(claimPrefix(this.stream, this.shard))) {
      const stored = await this.store.get(key);
      if (stored !== null)
        return { after: parseClaim(key, stored.body).after, link: null, watermark: watermark?.watermark ?? null };
    }
    return { after: CHAIN_START, link: null, watermark: watermark?.watermark ?? null };
  }

  async look(after: string): Promise<Link> {
    const claim = await this.claim(after);
    if (claim === null) return { claim: null, done: null };
    const commit = await readCommit(this.store, claim.arrival, this.source(after));
    if (commit === null) return { claim, done: null };
    if (commit.kind === 'commit') return { claim, done: claim.last };
    await removeObjects(this.store, commit.removed); // whoever buried it may have died before
    return { claim, done: commit.last };
  }

  async claim(after: string): Promise<Claim | null> {
    const key = claimKey(this.stream, this.shard, after);
    const stored = await this.store.get(key);
    return stored === null ? null : parseClaim(key, stored.body);
  }

  /** Stores a claim; false when somebody else was first. */
  async putClaim(claim: Claim): Promise<boolean> {
    const key = claimKey(this.stream, this.shard, claim.after);
    const put = await this.store.put(key, serialize(claim), { ifAbsent: true });
    return put.outcome === 'stored';
  }

  /** The identities of one committed link, none when it has no such object. */
  async identities(after: string): Promise<readonly Identity[]> {
    const key = identitiesKey(this.stream, this.shard, after);
    const stored = await this.store.get(key);
    return stored === null ? [] : decodeIdentities(key, stored.body);
  }

  /**
   * The identities of the links up to and including the one after `link`, oldest first, as far back as a duplicate is
   * recognised; past the chain's begin those of the parent shards.
   */
  async history(link: string | null): Promise<readonly (readonly Identity[])[]> {
    const epochs: (readonly Identity[])[] = [];
    let count = 0;
    let newest = Number.NEGATIVE_INFINITY; // ms
    for (let after = link; after !== null; ) {
      const claim = await this.claim(after);
      if (claim === null) return epochs.reverse(); // expired
      newest = Math.max(newest, claim.arrival.max);
      if (claim.arrival.max < newest - IDENTITY_WINDOW - ARRIVAL_SLACK || count > IDENTITY_LIMIT) {
        return epochs.reverse();
      }
      const identities = await this.identities(after);
      epochs.push(identities);
      count += identities.length;
      after = claim.previous;
    }
    const parents: (readonly Identity[])[] = [];
    for (const parent of await this.#parents()) {
      const chain = new ShardChain(this.store, this.stream, parent);
      const watermark = await chain.#readWatermark();
      parents.push(...(await chain.history(watermark?.link ?? null)));
    }
    return [...parents, ...epochs.reverse()];
  }

  async #parents(): Promise<readonly string[]> {
    const { shards } = await this.#shards();
    return [...(shards.find((info) => info.shard === this.shard)?.parents ?? [])].sort();
  }

  async children(): Promise<readonly string[]> {
    const { shards } = await this.#shards();
    return shards.filter((info) => info.parents.includes(this.shard)).map((info) => info.shard);
  }

  async #shards(): Promise<{ readonly shards: readonly ShardInfo[] }> {
    const key = shardsKey(this.stream);
    const stored = await this.store.get(key);
    return stored === null ? { shards: [] } : parseShardList(key, stored.body);
  }

  /** Moves the stored watermark forward, never back, however many workers write it. */
  async putWatermark(next: Watermark): Promise<void> {
    const key = watermarkKey(this.stream, this.shard);
    for (let race = 0; race < MAX_RACES; race++) {
      const current = this.#watermark;
      const document = current === null ? next : later(current.document, next);
      const condition = current === null ? { ifAbsent: true as const } : { ifMatch: current.tag };
      const put = await this.store.put(key, serialize(document), condition);
      if (put.outcome === 'stored') {
        this.#watermark = { document, tag: put.tag };
        return;
      }
      await this.#readWatermark();
    }
    const why = `${key} changed ${MAX_RACES} times while it was being written`;
    throw new VpcflowError('VF_STORE_UNREACHABLE', `${this.store.uri}: ${why}`);
  }

  async #readWatermark(): Promise<Watermark | null> {
    const key = watermarkKey(this.stream, this.shard);
    const stored = await this.store.get(key);
    this.#watermark = stored === null ? null : { document: parseWatermark(key, stored.body), tag: stored.tag };
    return this.#watermark?.document ?? null;
  }
}

const later = (a: Watermark, b: Watermark): Watermark => {
  const ahead = compareSequences(a.last, b.last) > 0 ? a : b;
  return {
    kind: 'watermark',
    watermark: Math.max(a.watermark, b.watermark),
    link: ahead.link,
    last: ahead.last,
    ended: a.ended || b.ended,
    children: [...new Set([...a.children, ...b.children])].sort(),
  };
};

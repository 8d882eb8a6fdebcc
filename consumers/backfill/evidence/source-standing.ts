// Finds out of a source in the store which feed it belongs to and whether it counts.
import { parseClaim, parsePartClaim, parseReplayClaim } from '../../../pipeline/documents.ts';
import { claimKey, partClaimKey, replayClaimKey } from '../../../pipeline/keys.ts';
import { type Feed, fileFeed, labelFeed, streamFeed } from '../../../pipeline/overlap/feed.ts';
import { parseSource } from '../../../pipeline/overlap/source-name.ts';
import { type ArrivalSpan, DEFAULT_FEED } from '../../../schemas/chain.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { readCommit } from '../../shared/epoch-writer.ts';

/**
 * `open`: claimed, and not committed yet: whoever goes on with it will, unless it is given up. `none`: it was given up.
 * What has no claim any more was claimed longer ago than claims are kept: it counts.
 */
export type Standing = 'counts' | 'open' | 'none';

/** Feeds and standings that are final are remembered, up to so many. */
const REMEMBERED = 50_000;

interface Claimed {
  readonly arrival: ArrivalSpan;
}

export class SourceStandings {
  readonly #store: ObjectStore;
  readonly #labels = new Map<string, string>(); // by identity of an object
  readonly #final = new Map<string, Standing>(); // by source

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The label of an object is known without its claim. */
  learn(identity: string, label: string): void {
    remember(this.#labels, identity, label);
  }

  /** The feed of a source; a name that is none of ours is a feed of its own. Throws VF_STORE_*. */
  async feed(source: string): Promise<Feed> {
    const name = parseSource(source);
    switch (name?.kind) {
      case undefined:
        return fileFeed(source);
      case 'epoch':
        return streamFeed(name.stream);
      case 'replay':
        return this.feed(name.of);
      case 'part': {
        const known = this.#labels.get(name.identity);
        if (known !== undefined) return labelFeed(known);
        const key = partClaimKey(name.identity, name.part);
        const stored = await this.#store.get(key);
        const label = stored === null ? DEFAULT_FEED : (parsePartClaim(key, stored.body).feed ?? DEFAULT_FEED);
        remember(this.#labels, name.identity, label);
        return labelFeed(label);
      }
    }
  }

  async standing(source: string): Promise<Standing> {
    const known = this.#final.get(source);
    if (known !== undefined) return known;
    const standing = await this.#look(source);
    if (standing !== 'open') remember(this.#final, source, standing);
    return standing;
  }

  async #look(source: string): Promise<Standing> {
    const claim = await this.#claim(source);
    if (claim === null) return 'counts';
    const commit = await readCommit(this.#store, claim.arrival, source);
    if (commit === null) return 'open';
    return commit.kind === 'commit' ? 'counts' : 'none';
  }

  async #claim(source: string): Promise<Claimed | null> {
    const name = parseSource(source);
    const read = async (key: string, parse: (key: string, body: Uint8Array) => Claimed): Promise<Claimed | null> => {
      const stored = await this.#store.get(key);
      return stored === null ? null : parse(key, stored.body);
    };
    switch (name?.kind) {
      case undefined:
        return null;
      case 'epoch':
        return read(claimKey(name.stream, name.shard, name.after), parseClaim);
      case 'replay':
        return read(replayClaimKey(name.of, name.replay), parseReplayClaim);
      case 'part':
        return read(partClaimKey(name.identity, name.part), parsePartClaim);
    }
  }
}

const remember = <T>(map: Map<string, T>, key: string, value: T): void => {
  if (map.size >= REMEMBERED) map.clear();
  map.set(key, value);
};

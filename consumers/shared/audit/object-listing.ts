// Turns what lies in the tables of a store into a compact index by key, and finds afterwards what nobody named.
import { createHash } from 'node:crypto';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';

interface Entry {
  readonly size: number; // bytes
  readonly tag: string;
  named: boolean;
}

/** Keys are long and there are hundreds of thousands: 16 bytes of their hash stand for them. */
const markOf = (key: string): string => createHash('sha256').update(key).digest().toString('latin1', 0, 16);

export class ObjectListing {
  readonly #store: ObjectStore;
  readonly #prefixes: readonly string[];
  readonly #entries = new Map<string, Entry>();
  #unnamed = 0;

  private constructor(store: ObjectStore, prefixes: readonly string[]) {
    this.#store = store;
    this.#prefixes = prefixes;
  }

  static async read(store: ObjectStore, prefixes: readonly string[], signal?: AbortSignal): Promise<ObjectListing> {
    const listing = new ObjectListing(store, prefixes);
    for (const prefix of prefixes) {
      for await (const { key, size, tag } of store.list(prefix)) {
        signal?.throwIfAborted();
        listing.#entries.set(markOf(key), { size, tag, named: false });
        listing.#unnamed++;
      }
    }
    return listing;
  }

  /** What was listed under a key that a commit names: null when nothing was, `again` when another named it before. */
  name(key: string): ListedObject | 'again' | null {
    const entry = this.#entries.get(markOf(key));
    if (entry === undefined) return null;
    if (entry.named) return 'again';
    entry.named = true;
    this.#unnamed--;
    return { key, size: entry.size, tag: entry.tag };
  }

  /** The keys that were listed and never named. */
  async *unnamed(): AsyncIterable<string> {
    if (this.#unnamed === 0) return;
    for (const prefix of this.#prefixes) {
      for await (const { key } of this.#store.list(prefix)) {
        if (this.#entries.get(markOf(key))?.named === false) yield key;
      }
    }
  }
}

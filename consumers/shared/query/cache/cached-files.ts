// Turns objects of a remote store into local files, through a cache that this and other processes keep together.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { ListedObject, ObjectStore } from '../../../../schemas/store.ts';
import { Gate } from '../../gate.ts';
import { unlessAborted } from '../../unless-aborted.ts';
import { noTotals, type QueryTotals } from '../query-stats.ts';
import { CacheDirectory } from './cache-directory.ts';
import { type HeldFile, type HeldFiles, heldFiles, type ObjectFiles } from './object-files.ts';

export interface CacheOptions {
  readonly directory: string;
  /**
   * Files that nobody holds are removed, oldest use first, when there are more bytes than this. What is held may be more
   * for as long as it is.
   */
  readonly maxBytes?: number;
  readonly fetches?: number; // at once
  readonly totals?: QueryTotals;
}

export const DEFAULT_CACHE_BYTES = 4 * 1024 ** 3;
const DEFAULT_FETCHES = 16;
/** Objects are in memory while they are fetched: no more at once than these bytes, or one. */
const BYTES_AT_ONCE = 128 * 1024 ** 2;

/** An object that is being fetched or held. */
interface Entry {
  readonly identity: string;
  holders: number;
  /** Aborted when nobody wants it any more. */
  readonly unwanted: AbortController;
  /** null when the object is gone. */
  readonly path: Promise<string | null>;
}

/** Objects never change under a key and tag, so a cached copy is good for ever. */
export class CachedFiles implements ObjectFiles {
  readonly directory: string;
  readonly totals: QueryTotals;
  readonly #store: ObjectStore;
  readonly #maxBytes: number;
  readonly #fetches: Gate;
  readonly #bytes = new Gate(BYTES_AT_ONCE);
  readonly #entries = new Map<string, Entry>();
  readonly #atWork = new Set<Promise<unknown>>();
  #cache: Promise<CacheDirectory> | null = null;

  constructor(store: ObjectStore, options: CacheOptions) {
    this.#store = store;
    this.directory = resolve(options.directory);
    this.totals = options.totals ?? noTotals();
    this.#maxBytes = options.maxBytes ?? DEFAULT_CACHE_BYTES;
    this.#fetches = new Gate(options.fetches ?? DEFAULT_FETCHES);
  }

  async hold(objects: readonly ListedObject[], signal?: AbortSignal): Promise<HeldFiles> {
    signal?.throwIfAborted();
    if (objects.length === 0) return heldFiles([], () => {});
    const cache = await this.#open();
    const identities = objects.map((object) => this.#identity(object));
    await cache.learn(identities);
    const entries = objects.map((object, i) => this.#enter(cache, object, identities[i]));
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      for (const entry of entries) this.#leave(cache, entry);
    };
    const paths = entries.map((entry) => entry.path);
    try {
      const found = await unlessAborted(Promise.all(paths), signal);
      await cache.fit();
      const files = objects.flatMap((object, i): HeldFile[] => {
        const path = found[i];
        return path === null ? [] : [{ object, path }];
      });
      return heldFiles(files, release);
    } catch (error) {
      release();
      // Whoever asked is gone, or waits for as long as it takes to end what else was under way.
      if (!signal?.aborted) await Promise.allSettled(paths);
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const { unwanted } of this.#entries.values()) unwanted.abort(new VpcflowError('VF_CACHE', 'it is closed'));
    await Promise.allSettled(this.#atWork);
    const cache = await this.#cache?.catch(() => null);
    await cache?.close();
  }

  /** Tried again by the next one when it failed: disks get free again. */
  #open(): Promise<CacheDirectory> {
    this.#cache ??= CacheDirectory.open(this.directory, this.#maxBytes, this.totals).catch((error: unknown) => {
      this.#cache = null;
      throw error;
    });
    return this.#cache;
  }

  #identity(object: ListedObject): string {
    const text = `${this.#store.uri}\n${object.key}\n${object.tag}`;
    return createHash('sha256').update(text).digest('hex').slice(0, 40);
  }

  /** Questions that want the same object share one entry, and so one fetch, which ends early when all of them have left. */
  #enter(cache: CacheDirectory, object: ListedObject, identity: string): Entry {
    const known = this.#entries.get(identity);
    if (known) {
      known.holders += 1;
      this.totals.cacheHits += 1;
      return known;
    }
    const unwanted = new AbortController();
    const path = this.#path(cache, object, identity, unwanted.signal);
    const entry = { identity, holders: 1, unwanted, path };
    this.#entries.set(identity, entry);
    const forget = () => {
      if (this.#entries.get(identity) === entry) this.#entries.delete(identity);
    };
    const settled = path.then(() => undefined, forget).finally(() => this.#atWork.delete(settled));
    this.#atWork.add(settled);
    return entry;
  }

  #leave(cache: CacheDirectory, entry: Entry): void {
    entry.holders -= 1;
    if (entry.holders > 0 || this.#entries.get(entry.identity) !== entry) return;
    this.#entries.delete(entry.identity);
    entry.unwanted.abort();
    cache.leave(entry.identity);
  }

  async #path(cache: CacheDirectory, object: ListedObject, identity: string, signal: AbortSignal) {
    const cached = await cache.take(identity, object.size, signal);
    if (cached !== null) {
      this.totals.cacheHits += 1;
      return cached;
    }
    const fetch = () => this.#fetches.pass(() => this.#fetch(cache, object, identity, signal), signal);
    return this.#bytes.pass(fetch, signal, { weight: object.size });
  }

  async #fetch(cache: CacheDirectory, object: ListedObject, identity: string, signal: AbortSignal) {
    signal.throwIfAborted();
    const stored = await this.#store.get(object.key, { signal });
    signal.throwIfAborted();
    if (stored === null) return null;
    this.totals.cacheMisses += 1;
    this.totals.fetchedBytes += stored.body.length;
    // The tag of a listing need not be the tag of the content, but what was listed has a size.
    if (stored.body.length !== object.size) {
      throw new VpcflowError('VF_STORE_UNREACHABLE', `${object.key} changed while it was read`);
    }
    return cache.keep(identity, stored.body, signal);
  }
}

// Turns listed objects into local files that DuckDB can read: in place for a directory, through a cache otherwise.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';
import { Gate } from './gate.ts';

/** Local files of objects, good until `release`. */
export interface HeldFiles {
  readonly paths: readonly string[]; // in the order of the objects
  release(): void;
}

export interface ObjectFiles {
  /** The directory below which all files lie. */
  readonly directory: string;
  /** Rejects with VF_STORE_*; an object that vanished since it was listed is left out. */
  hold(objects: readonly ListedObject[], signal?: AbortSignal): Promise<HeldFiles>;
}

/** The objects of a directory store are files already. */
export function filesInPlace(root: string): ObjectFiles {
  const directory = resolve(root);
  return {
    directory,
    hold: async (objects) => ({ paths: objects.map((o) => join(directory, o.key)), release: () => {} }),
  };
}

export interface CacheOptions {
  readonly directory: string;
  /** Files that nobody holds are removed, oldest use first, when there are more bytes than this. */
  readonly maxBytes?: number;
  readonly fetches?: number; // at once
}

const DEFAULT_CACHE_BYTES = 4 * 1024 ** 3;
const DEFAULT_FETCHES = 16;

/** Objects never change under a key and tag, so a cached copy is good for ever. */
export class CachedFiles implements ObjectFiles {
  readonly directory: string;
  readonly #store: ObjectStore;
  readonly #maxBytes: number;
  readonly #gate: Gate;
  readonly #holders = new Map<string, number>(); // by file name
  readonly #fetching = new Map<string, Promise<boolean>>();

  constructor(store: ObjectStore, options: CacheOptions) {
    this.#store = store;
    this.directory = resolve(options.directory);
    this.#maxBytes = options.maxBytes ?? DEFAULT_CACHE_BYTES;
    this.#gate = new Gate(options.fetches ?? DEFAULT_FETCHES);
  }

  async hold(objects: readonly ListedObject[], signal?: AbortSignal): Promise<HeldFiles> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 }).catch(this.#unusable);
    const names = objects.map((object) => this.#name(object));
    for (const name of names) this.#holders.set(name, (this.#holders.get(name) ?? 0) + 1);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      for (const name of names) {
        const holders = (this.#holders.get(name) ?? 0) - 1;
        if (holders > 0) this.#holders.set(name, holders);
        else this.#holders.delete(name);
      }
    };
    try {
      const fetches = allOf(objects.map((object, i) => this.#fetchOnce(object, names[i])));
      const present = await unlessAborted(fetches, signal);
      await this.#evict();
      return { paths: names.filter((_, i) => present[i]).map((name) => join(this.directory, name)), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #name(object: ListedObject): string {
    const identity = createHash('sha256').update(`${this.#store.uri}\n${object.key}\n${object.tag}`).digest('hex');
    return `${identity}.parquet`;
  }

  /**
   * False when the object is gone. Two queries that want the same object share one fetch, so that no query's signal may
   * end it; one that nobody waits for any more does not begin.
   */
  #fetchOnce(object: ListedObject, name: string): Promise<boolean> {
    const running = this.#fetching.get(name);
    if (running) return running;
    const fetching = this.#gate
      .pass(async () => this.#holders.has(name) && (await this.#fetch(object, name)))
      .finally(() => this.#fetching.delete(name));
    this.#fetching.set(name, fetching);
    return fetching;
  }

  async #fetch(object: ListedObject, name: string): Promise<boolean> {
    const path = join(this.directory, name);
    const cached = await stat(path).catch(() => null);
    if (cached?.size === object.size) {
      const now = new Date();
      await utimes(path, now, now).catch(() => {}); // only the order of eviction depends on it
      return true;
    }
    const stored = await this.#store.get(object.key);
    if (stored === null) return false;
    // The tag of a listing need not be the tag of the content, but what was listed has a size.
    if (stored.body.length !== object.size) {
      throw new VpcflowError('VF_STORE_UNREACHABLE', `${object.key} changed while it was read`);
    }
    // Several caches, of this process and of others, may fetch the same object into one directory.
    const temporary = join(this.directory, `.${randomUUID()}-${name}`);
    try {
      await writeFile(temporary, stored.body);
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      this.#unusable(cause);
    }
    return true;
  }

  readonly #unusable = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VpcflowError('VF_STORE_UNREACHABLE', `objects cannot be kept in ${this.directory}: ${reason}`, { cause });
  };

  async #evict(): Promise<void> {
    const files: { name: string; size: number; used: number }[] = [];
    for (const name of await readdir(this.directory)) {
      const found = name.endsWith('.parquet') ? await stat(join(this.directory, name)).catch(() => null) : null;
      if (found) files.push({ name, size: found.size, used: found.mtimeMs });
    }
    let total = files.reduce((sum, file) => sum + file.size, 0);
    files.sort((a, b) => a.used - b.used || (a.name < b.name ? -1 : 1));
    for (const file of files) {
      if (total <= this.#maxBytes) return;
      if (this.#holders.has(file.name) || file.name.startsWith('.')) continue;
      await rm(join(this.directory, file.name), { force: true });
      total -= file.size;
    }
  }
}

/** Like Promise.all, but a failure waits until nothing of the rest is under way any more. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

/** The work's result, or the signal's reason as soon as it aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

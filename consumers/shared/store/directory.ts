// Turns a directory into an ObjectStore: each object is a file that appears whole, durable and at most once.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../../../schemas/clock.ts';
import type { ListedObject, ObjectStore, PutCondition, PutResult, StoredObject } from '../../../schemas/store.ts';
import { systemClock } from '../clock.ts';
import { listDirectory } from './directory-list.ts';
import { DirectoryLock } from './directory-lock.ts';
import { StoreWitness } from './directory-witness.ts';
import { storeFailure, systemCode } from './failure.ts';
import { checkKey, checkPrefix } from './key.ts';

/** Where files are written before they get their name; `list` shows nothing whose first part begins with a dot. */
export const TEMPORARY = '.tmp';
/** A temporary file older than this is nobody's: its writer is dead, or will fail when it finds the file gone. */
const ABANDONED_AFTER = 3_600_000; // ms
const MOST_KNOWN_DIRECTORIES = 10_000;

const tagOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/** What reading says of a key that is no object. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'EISDIR', 'ENOTDIR']);

const isGone = (error: unknown): boolean => systemCode(error) === 'ENOENT';

/**
 * A put writes a temporary file, makes it durable, then gives it its name: by `link` (which has one winner among all
 * processes) with `ifAbsent`, else by `rename`. A rename, the comparison of `ifMatch` before it, and a removal happen
 * under one lock of the store, so that none falls between another's comparison and rename. The tag is the SHA-256 of
 * the content; the tag of a listing is made of inode, time and size, because hashing what is listed would read it all.
 */
export class DirectoryStore implements ObjectStore {
  readonly uri: string;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #lock: DirectoryLock;
  /** Directories whose own entries are known to be durable. */
  readonly #durable = new Set<string>();
  readonly #witness: StoreWitness;
  #prepared: Promise<void> | null = null;

  constructor(path: string, clock: Clock = systemClock) {
    this.#root = resolve(path);
    this.uri = this.#root;
    this.#clock = clock;
    this.#witness = new StoreWitness(this.#root);
    this.#lock = new DirectoryLock(join(this.#root, TEMPORARY, 'lock'));
  }

  async put(key: string, body: Uint8Array, condition?: PutCondition): Promise<PutResult> {
    checkKey(key);
    try {
      await this.#prepare();
      const temporary = await this.#write(body);
      try {
        const result = await this.#name(temporary, key, body, condition);
        this.#witness.saw(key);
        return result;
      } finally {
        await rm(temporary, { force: true });
      }
    } catch (error) {
      throw storeFailure(this.uri, `write ${key}`, error);
    }
  }

  async get(key: string): Promise<StoredObject | null> {
    checkKey(key);
    try {
      const body = await readFile(join(this.#root, key));
      this.#witness.saw(key);
      return { body, tag: tagOf(body) };
    } catch (error) {
      const doing = `read ${key}`;
      if (ABSENT.has(systemCode(error) ?? '') && ((await this.#isThere(doing)) || isGone(error))) return null;
      throw storeFailure(this.uri, doing, error);
    }
  }

  async *list(prefix: string, options: { readonly after?: string } = {}): AsyncIterable<ListedObject> {
    checkPrefix(prefix);
    const doing = `list ${prefix === '' ? 'it' : prefix}`;
    try {
      yield* listDirectory(this.#root, prefix, options.after);
    } catch (error) {
      if (systemCode(error) !== 'ENOTDIR' || !(await this.#isThere(doing))) throw storeFailure(this.uri, doing, error);
    }
    // A directory that is not there has no objects, unless all of the store is gone.
    await this.#isThere(doing);
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    try {
      const path = join(this.#root, key);
      const there = await stat(path).catch((error: unknown) => {
        if (isGone(error) || systemCode(error) === 'ENOTDIR') return null;
        throw error;
      });
      if (there === null || there.isDirectory()) return;
      await this.#prepare();
      this.#witness.forget(key);
      // A rename into the temporary area, not an unlink: it is one synchronous step under the lock.
      const grave = this.#temporaryPath();
      const removed = await this.#lock.run(() => {
        try {
          renameSync(path, grave);
          return true;
        } catch (error) {
          if (isGone(error)) return false;
          throw error;
        }
      });
      if (!removed) return;
      await rm(grave, { force: true });
      await syncDirectory(dirname(path));
    } catch (error) {
      throw storeFailure(this.uri, `remove ${key}`, error);
    }
  }

  #temporaryPath(): string {
    return join(this.#root, TEMPORARY, `${process.pid}-${randomUUID()}`);
  }

  /** Creates the store and its temporary area on the first write, and removes what dead writers left there. */
  #prepare(): Promise<void> {
    this.#prepared ??= this.#firstWrite().catch((error: unknown) => {
      this.#prepared = null;
      throw error;
    });
    return this.#prepared;
  }

  async #firstWrite(): Promise<void> {
    const area = join(this.#root, TEMPORARY);
    const made = await mkdir(area, { recursive: true });
    if (made !== undefined) await syncDirectory(dirname(made));
    for (const name of await readdir(area)) {
      if (!/^\d+-/.test(name)) continue;
      const path = join(area, name);
      const found = await stat(path).catch(() => null);
      // The change time too: a file that was linked or renamed a moment ago may have been written long before.
      if (found === null || this.#clock.now() - Math.max(found.mtimeMs, found.ctimeMs) < ABANDONED_AFTER) continue;
      await rm(path, { force: true });
    }
  }

  /** Writes a durable temporary file and returns its path. */
  async #write(body: Uint8Array): Promise<string> {
    const path = this.#temporaryPath();
    try {
      const file = await open(path, 'wx');
      try {
        await file.writeFile(body);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await unlink(path).catch(() => undefined);
      throw error;
    }
    return path;
  }

  async #name(temporary: string, key: string, body: Uint8Array, condition?: PutCondition): Promise<PutResult> {
    const path = join(this.#root, key);
    const directory = dirname(path);
    await this.#makeDirectory(directory);
    const stored =
      condition === undefined
        ? await this.#lock.run(() => renamed(temporary, path))
        : 'ifAbsent' in condition
          ? await linked(temporary, path)
          : await this.#lock.run(() => matches(path, condition.ifMatch) && renamed(temporary, path));
    await syncDirectory(directory);
    return stored ? { outcome: 'stored', tag: tagOf(body) } : { outcome: 'exists' };
  }

  /** Makes a directory of the store, and durable every entry on the way to it. */
  async #makeDirectory(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    const missing: string[] = [];
    for (let at = directory; at !== this.#root && !this.#durable.has(at); at = dirname(at)) missing.push(at);
    for (const at of missing.reverse()) await syncDirectory(dirname(at));
    if (this.#durable.size + missing.length > MOST_KNOWN_DIRECTORIES) this.#durable.clear();
    for (const at of missing) this.#durable.add(at);
  }

  async #isThere(doing: string): Promise<boolean> {
    try {
      return await this.#witness.confirm(doing);
    } catch (error) {
      throw storeFailure(this.uri, doing, error);
    }
  }
}

const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return; // a directory cannot be opened there
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

const renamed = (temporary: string, path: string): true => {
  renameSync(temporary, path);
  return true;
};

const linked = async (temporary: string, path: string): Promise<boolean> => {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    const there = await stat(path).catch(() => null);
    if (there?.isDirectory()) throw error;
    return false;
  }
};

const matches = (path: string, tag: string): boolean => {
  try {
    return tagOf(readFileSync(path)) === tag;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
};

// The directory of the cache: files that several processes share, a directory of this process's links to those in use, and room.
import { createHash, hash } from 'node:crypto';
import { createReadStream, linkSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { lstat, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { holdKernelLock } from '../../kernel-lock.ts';
import { systemCode } from '../../store/failure.ts';
import type { QueryTotals } from '../query-stats.ts';
import { cacheFailure, isFull } from './cache-failure.ts';
import { type OwnedDirectory, openOwnedDirectory, removeOrphans } from './owned-directory.ts';

const OWN = 'process-';
/** Past its size the cache is cut to this part of it, so that it is not looked through at each object. */
const KEPT = 0.9;
/** It is looked through again when this part of it was fetched here: others may have fetched as much. */
const LOOK_AGAIN = 1 / 16;
const USED_AGAIN = 60_000; // ms: a file's last use is not noted more often
const STATS_AT_ONCE = 64;

interface Found {
  readonly path: string;
  readonly size: number;
  readonly used: number; // Unix ms
  readonly held: boolean;
}

/**
 *     objects/<identity>-<sha256 of the content>.parquet   shared; `atime` is the last use
 *     process-<uuid>/<identity>.parquet                    a hard link for each file that the process reads
 *
 * A link is made or fails in one step, and what has one cannot be taken away, whoever removes the shared name. A file
 * whose only name is the shared one is read by nobody. All that a killed process leaves lies in its own directory.
 */
export class CacheDirectory {
  readonly #directory: string;
  readonly #shared: string;
  readonly #own: OwnedDirectory;
  readonly #maxBytes: number;
  readonly #totals: QueryTotals;
  readonly #index = new Map<string, string>(); // identity -> shared name
  readonly #verified = new Map<string, number>(); // identity -> inode whose content was found right by this process
  readonly #used = new Map<string, number>(); // identity -> when that was noted
  #size: number | null = null; // bytes of the shared files when they were last looked through, and fetched since
  #fetched = 0; // bytes since then
  #parts = 0;
  #making: Promise<void> | null = null;

  private constructor(directory: string, own: OwnedDirectory, maxBytes: number, totals: QueryTotals) {
    this.#directory = directory;
    this.#shared = join(directory, 'objects');
    this.#own = own;
    this.#maxBytes = maxBytes;
    this.#totals = totals;
  }

  /** Throws VF_CACHE for a directory that cannot be used, or that another user could write to. */
  static async open(directory: string, maxBytes: number, totals: QueryTotals): Promise<CacheDirectory> {
    try {
      const shared = join(directory, 'objects');
      await mkdir(shared, { recursive: true, mode: 0o700 });
      const { uid, mode } = await lstat(shared);
      const ours = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
      if (!ours) throw new Error(`${shared} belongs to another user, or others may write to it`);
      return new CacheDirectory(directory, await openOwnedDirectory(directory, OWN), maxBytes, totals);
    } catch (cause) {
      throw cacheFailure(directory, cause);
    }
  }

  /** Learns which objects other processes have fetched, when one of these is not known. */
  async learn(identities: readonly string[]): Promise<void> {
    if (identities.every((identity) => this.#index.has(identity))) return;
    try {
      for (const name of await readdir(this.#shared)) this.#index.set(name.slice(0, name.indexOf('-')), name);
    } catch (cause) {
      throw cacheFailure(this.#directory, cause);
    }
  }

  /** The path of the link to the file of an object, whose content is right; null where there is none. */
  async take(identity: string, size: number, signal: AbortSignal): Promise<string | null> {
    const name = this.#index.get(identity);
    if (name === undefined) return null;
    const [path, shared] = [this.path(identity), join(this.#shared, name)];
    if (!this.#link(shared, path)) {
      this.#index.delete(identity); // another process removed it
      return null;
    }
    const found = statSync(path);
    if (this.#verified.get(identity) !== found.ino || found.size !== size) {
      const digest = found.size === size ? await digestOf(path, signal).catch(() => null) : null;
      signal.throwIfAborted();
      if (digest === null || !name.endsWith(`-${digest}.parquet`)) {
        this.#totals.cacheDamaged += 1;
        for (const damaged of [path, shared]) rmSync(damaged, { force: true });
        this.#index.delete(identity);
        return null;
      }
      this.#verified.set(identity, found.ino);
    }
    this.#use(identity, path, found.mtime);
    return path;
  }

  /** Keeps the content of an object; the path of the link to it. Rejects with VF_CACHE where there is no room for it. */
  async keep(identity: string, body: Buffer, signal: AbortSignal): Promise<string> {
    const path = this.path(identity);
    this.#parts += 1; // one that was left may still be written
    const part = `${path}.${this.#parts}.part`;
    const name = `${identity}-${hash('sha256', body)}.parquet`;
    try {
      await this.#write(part, body, signal);
      signal.throwIfAborted();
      renameSync(part, path);
      this.#link(path, join(this.#shared, name));
      this.#verified.set(identity, statSync(path).ino);
    } catch (cause) {
      await rm(part, { force: true });
      signal.throwIfAborted();
      throw cacheFailure(this.#directory, cause);
    }
    this.#index.set(identity, name);
    this.#fetched += body.length;
    return path;
  }

  /** The link is not needed any more. */
  leave(identity: string): void {
    rmSync(this.path(identity), { force: true });
  }

  path(identity: string): string {
    return join(this.#own.path, `${identity}.parquet`);
  }

  /** Removes what nobody reads, the longest unused first, when there is more than the cache may have. */
  async fit(): Promise<void> {
    const unknown = this.#size === null || this.#fetched >= this.#maxBytes * LOOK_AGAIN;
    if (!unknown && (this.#size ?? 0) + this.#fetched <= this.#maxBytes) return;
    // One look at a time is enough, and what was fetched meanwhile is looked at with the next.
    this.#making ??= this.#makeRoom(0).finally(() => {
      this.#making = null;
    });
    await this.#making;
  }

  async close(): Promise<void> {
    await this.#making?.catch(() => {});
    await this.#own.close();
  }

  async #write(part: string, body: Buffer, signal: AbortSignal): Promise<void> {
    try {
      await writeFile(part, body, { signal, mode: 0o600 });
    } catch (error) {
      if (!isFull(error)) throw error;
      await rm(part, { force: true });
      await this.#makeRoom(body.length);
      await writeFile(part, body, { signal, mode: 0o600 });
    }
  }

  /** Whether there is a link now; false where the file is gone. One that is there already is as good: names say the content. */
  #link(from: string, to: string): boolean {
    try {
      linkSync(from, to);
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return true;
      if (systemCode(error) === 'ENOENT') return false;
      throw cacheFailure(this.#directory, error);
    }
  }

  /** Not in `mtime`: what DuckDB remembers of a file is good while that is the same. */
  #use(identity: string, path: string, mtime: Date): void {
    const now = Date.now();
    if (now - (this.#used.get(identity) ?? 0) < USED_AGAIN) return;
    this.#used.set(identity, now);
    utimesSync(path, new Date(now), mtime);
  }

  /** `needed` bytes at least are freed, if there are as many that nobody reads. */
  async #makeRoom(needed: number): Promise<void> {
    let unlock: (() => void) | null = null;
    try {
      unlock = holdKernelLock(join(this.#directory, 'room.lock'));
      if (unlock === null) return; // another process makes it
      await removeOrphans(this.#directory, OWN);
      const fetched = this.#fetched;
      const files = await this.#files();
      let total = files.reduce((sum, { size }) => sum + size, 0);
      const aim = Math.min(total > this.#maxBytes ? this.#maxBytes * KEPT : total, total - needed);
      for (const { path, size } of files.filter(({ held }) => !held).sort((a, b) => a.used - b.used)) {
        if (total <= aim) break;
        await rm(path, { force: true });
        this.#totals.cacheEvictions += 1;
        total -= size;
      }
      this.#size = total;
      this.#fetched -= fetched;
    } catch (cause) {
      throw cacheFailure(this.#directory, cause);
    } finally {
      unlock?.();
    }
  }

  async #files(): Promise<Found[]> {
    const names = await readdir(this.#shared);
    const found: Found[] = [];
    for (let from = 0; from < names.length; from += STATS_AT_ONCE) {
      const some = names.slice(from, from + STATS_AT_ONCE).map(async (name) => {
        const path = join(this.#shared, name);
        const facts = await stat(path).catch(() => null); // another process removed it
        if (facts) found.push({ path, size: facts.size, used: facts.atimeMs, held: facts.nlink > 1 });
      });
      await Promise.all(some);
    }
    return found;
  }
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const sum = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), sum, { signal });
  return sum.digest('hex');
}

// Turns a place that several processes use into a directory of this process's own, and removes those of dead processes.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { holdKernelLock } from '../../kernel-lock.ts';

const LOCK = 'lock';
const ATTEMPTS = 10;
/** Again, because another process may take for an orphan what has lost its lock already, and make the lock anew. */
const REMOVAL = { recursive: true, force: true, maxRetries: 8, retryDelay: 20 } as const; // ms, longer each time

export interface OwnedDirectory {
  readonly path: string;
  /** Removes it with all that is in it. */
  close(): Promise<void>;
}

/**
 * Makes `<parent>/<prefix><uuid>`, locked for as long as this process lives, and removes those of the same prefix that
 * nobody locks any more: their processes were killed. Throws what the file system does.
 */
export async function openOwnedDirectory(parent: string, prefix: string): Promise<OwnedDirectory> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeOrphans(parent, prefix);
  for (let attempt = 1; ; attempt++) {
    const path = join(parent, `${prefix}${randomUUID()}`);
    await mkdir(path, { mode: 0o700 });
    const unlock = lockOf(path);
    if (unlock !== null) {
      return {
        path,
        close: async () => {
          await rm(path, REMOVAL);
          unlock();
        },
      };
    }
    // Another process took it for an orphan before it was locked.
    if (attempt >= ATTEMPTS) throw new Error(`${path} cannot be locked`);
  }
}

/** null where it was removed meanwhile, or is being removed. */
function lockOf(path: string): (() => void) | null {
  const lock = join(path, LOCK);
  let unlock: (() => void) | null;
  try {
    unlock = holdKernelLock(lock);
  } catch (error) {
    if (existsSync(path)) throw error;
    return null;
  }
  if (unlock === null || existsSync(lock)) return unlock;
  unlock(); // of a file that has no name any more
  return null;
}

/** Removes the directories of dead processes. What other users own, and what cannot be removed, stays. */
export async function removeOrphans(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    try {
      const unlock = holdKernelLock(join(path, LOCK));
      if (unlock === null) continue; // its process lives
      await rm(path, { recursive: true, force: true });
      unlock();
    } catch {
      // Somebody else's directory, or one that another process has just removed.
    }
  }
}

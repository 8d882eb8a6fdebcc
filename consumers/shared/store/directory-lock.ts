// Turns a file into a lock among processes: the kernel gives it back when its holder dies, however that happens.

import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const SQLITE_BUSY = 5;
const MOST_WAIT = 30_000; // ms

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;

/**
 * SQLite's own locking (POSIX record locks, LockFileEx) on a database that stays empty: the only kernel lock in Node's
 * standard library. A lock file with a process id would need a judgement whether its owner still lives, which cannot
 * be made soundly across containers; this one has no stale state, and a holder that is merely paused keeps it.
 */
export class DirectoryLock {
  readonly #path: string;
  #database: DatabaseSync | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Runs `critical` while no other process is inside; it is synchronous, so that nothing of this process is either,
   * and so that the lock is held for microseconds. Fails when the lock cannot be had for half a minute.
   */
  async run<T>(critical: () => T): Promise<T> {
    const database = this.#open();
    for (let waited = 0; ; ) {
      try {
        database.exec('BEGIN EXCLUSIVE');
        break;
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (waited > MOST_WAIT) throw new Error(`another process holds ${this.#path}`, { cause: error });
        const wait = 1 + Math.random() * 4;
        await delay(wait);
        waited += wait;
      }
    }
    try {
      return critical();
    } finally {
      database.exec('ROLLBACK');
    }
  }

  #open(): DatabaseSync {
    this.#database ??= new DatabaseSync(this.#path, { timeout: 0 });
    return this.#database;
  }
}

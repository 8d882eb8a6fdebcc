// Turns a file into a lock that one process at a time holds for as long as it likes, and that dies with its holder.
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;
/** Locks of this process. A database that nobody refers to any more is closed with the next garbage, and so unlocked. */
const held = new Set<DatabaseSync>();

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;

/**
 * Takes the lock and returns what gives it back, or null while another process holds it. The file is an empty database
 * in an exclusive transaction: SQLite's locking is the only kernel lock in Node's standard library. The kernel ends it
 * with its process, however that ended, so it cannot go stale. Throws what the file system does.
 */
export const holdKernelLock = (path: string): (() => void) | null => {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
  held.add(database);
  return () => {
    held.delete(database);
    database.close(); // rolls back, and so unlocks
  };
};

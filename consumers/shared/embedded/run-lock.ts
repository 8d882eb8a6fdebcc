// Turns a state directory into one that a single process at a time runs on, and tells how the last run ended.
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { holdKernelLock } from '../kernel-lock.ts';

/** Holds the lock. */
const LOCK = 'lock';
/** Is there while a run is under way, with its process id; it is left behind by a run that was killed. */
const RUNNING = 'running.json';

export interface RunLock {
  /** Null when the last run (if any) ended by itself; otherwise when it was last seen alive, Unix ms. */
  readonly killedAbout: number | null;
  /** Says that the run is alive. */
  beat(): Promise<void>;
  /** `clean`: everything is saved, and the next run need not look for what was lost. */
  release(clean: boolean): Promise<void>;
}

const readPid = async (path: string): Promise<string> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  return /"pid":(\d+)/.exec(text)?.[1] ?? 'unknown';
};

const lastSeen = async (path: string): Promise<number | null> => {
  const found = await stat(path).catch(() => null);
  return found === null ? null : found.mtimeMs;
};

/**
 * Takes the lock. Rejects with VF_IN_USE, naming the process, while another holds it. The lock itself cannot go stale:
 * it is the kernel's, and gone with its holder however that ended.
 */
export const acquireRunLock = async (directory: string, clock: Clock): Promise<RunLock> => {
  await mkdir(directory, { recursive: true });
  const running = join(directory, RUNNING);
  const unlock = holdKernelLock(join(directory, LOCK));
  if (unlock === null)
    throw new VpcflowError('VF_IN_USE', `process ${await readPid(running)} runs on ${directory} already`);
  const killedAbout = await lastSeen(running);
  await writeFile(running, `{"pid":${process.pid}}\n`);
  const descriptor = openSync(running, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
  return {
    killedAbout,
    beat: async () => {
      const now = new Date(clock.now());
      await utimes(running, now, now);
    },
    release: async (clean) => {
      if (clean) await rm(running, { force: true });
      unlock();
    },
  };
};

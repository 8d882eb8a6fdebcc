// Makes a directory of this process alone for objects on their way, and removes those that killed processes left behind.
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VpcflowError } from '../../../schemas/errors.ts';
import { holdKernelLock } from '../../shared/kernel-lock.ts';

const NAME = /^vpcflow-spool-[0-9a-f-]{36}\.lock$/;
const LOCK = '.lock'; // `<directory>.lock` beside the directory; held for as long as its process lives

export interface SpoolDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** Removes a directory whose process is gone. Whatever is in the way, it is left for another time. */
const removeIfLeft = async (lock: string): Promise<void> => {
  const found = await lstat(lock);
  if (!found.isFile() || found.uid !== process.getuid?.()) return;
  const unlock = holdKernelLock(lock);
  if (unlock === null) return;
  try {
    await rm(lock.slice(0, -LOCK.length), { recursive: true, force: true });
    await rm(lock, { force: true });
  } finally {
    unlock();
  }
};

const make = async (parent: string): Promise<SpoolDirectory> => {
  const left = (await readdir(parent)).filter((name) => NAME.test(name));
  await Promise.all(left.map((name) => removeIfLeft(join(parent, name)).catch(() => {})));
  for (;;) {
    const path = join(parent, `vpcflow-spool-${randomUUID()}`);
    const unlock = holdKernelLock(`${path}${LOCK}`); // before there is a directory: nobody takes it for one that was left
    if (unlock === null) continue;
    await mkdir(path, { mode: 0o700 });
    return {
      path,
      remove: async () => {
        await rm(path, { recursive: true, force: true });
        await rm(`${path}${LOCK}`, { force: true });
        unlock();
      },
    };
  }
};

/** Readable by this user alone. Throws VF_LIMIT where there cannot be one. */
export const openSpoolDirectory = async (parent: string = tmpdir()): Promise<SpoolDirectory> => {
  try {
    return await make(parent);
  } catch (error) {
    const help = 'set TMPDIR to a directory that this user may write to';
    throw new VpcflowError('VF_LIMIT', `no directory for the objects of S3 can be made in ${parent}`, {
      cause: error,
      help,
    });
  }
};

// Turns the name of a worker into the assurance that no other process of this host works under it.
import { createHash } from 'node:crypto';
import { lstat, mkdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VpcflowError } from '../../../schemas/errors.ts';
import { holdKernelLock } from '../kernel-lock.ts';

export interface WorkerName {
  readonly application: string;
  readonly stream: { readonly arn: string };
  readonly workerId: string;
}

export interface WorkerLock {
  /** Keeps what clears temporary directories of old files away from this one. */
  touch(): Promise<void>;
  release(): void;
}

const HELP = 'free space or set TMPDIR to a directory of your own';

const unkept = (directory: string, cause: unknown): VpcflowError => {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new VpcflowError('VF_ENGINE', `the lock of a worker cannot be kept in ${directory}: ${detail}`, {
    ...{ cause, help: HELP },
  });
};

/** One directory a user: nobody else may put anything there. */
const lockDirectory = async (): Promise<string> => {
  const uid = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `vpcflow-workers-${uid}`);
  try {
    await mkdir(directory, { mode: 0o700, recursive: true });
    const found = await lstat(directory);
    if (found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0) return directory;
  } catch (cause) {
    throw unkept(directory, cause);
  }
  throw new VpcflowError('VF_ENGINE', `others may write to ${directory}, where locks of workers are kept`, {
    help: 'set TMPDIR to a directory of your own',
  });
};

/** A disk that is full is found out about here: the lock is a file that SQLite writes to. */
const hold = (directory: string, name: string): ReturnType<typeof holdKernelLock> => {
  try {
    return holdKernelLock(join(directory, name));
  } catch (cause) {
    throw unkept(directory, cause);
  }
};

/**
 * Takes the name. Two workers of one application, stream and worker id would both take each other's leases for their
 * own and read the same shards, for ever: rejects with VF_IN_USE while another process has it. The kernel gives it back
 * when its holder dies. Hosts tell themselves apart by their worker ids. VF_ENGINE where it cannot be kept.
 */
export const acquireWorkerLock = async ({ application, stream, workerId }: WorkerName): Promise<WorkerLock> => {
  const name = createHash('sha256')
    .update(JSON.stringify([application, stream.arn, workerId]))
    .digest('hex');
  const directory = await lockDirectory();
  const file = `${name.slice(0, 32)}.lock`;
  const unlock = hold(directory, file);
  if (unlock === null)
    throw new VpcflowError(
      'VF_IN_USE',
      `a worker "${workerId}" of the application ${application} on this stream runs on this host already`,
      { help: 'stop that one, or give this one another name with --worker-id' },
    );
  return {
    touch: async () => {
      const now = new Date();
      await utimes(join(directory, file), now, now).catch(() => {}); // gone: the lock is held all the same
    },
    release: unlock,
  };
};

// Turns the death of the worker, however it comes, into the end of its daemon, its children and its directory.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { VpcflowError } from '../../../schemas/errors.ts';

/**
 * Reads the daemon's process group from its input, and then waits for a line that says that all went well. The end of
 * the input instead means that the worker is gone: killed, crashed, or told twice to stop.
 */
const SCRIPT = `
trap '' HUP INT TERM
read -r group || exit 0
if read -r done; then exit 0; fi
kill -s KILL -- "-$group"
rm -rf -- "$1"
`;

export interface DaemonGuard {
  /** From now on the group of this process dies with the worker. */
  watch(group: number): void;
  /** The daemon is gone: there is nothing to guard any more. Resolves when the guard has ended. */
  dismiss(): Promise<void>;
}

/** The shell by its path, which POSIX systems have, and what it runs: the PATH of a service may lack both. */
const SHELL = '/bin/sh';
const PROGRAMS = '/usr/bin:/bin';

const spawnShell = (directory: string): ChildProcessByStdio<Writable, null, null> =>
  spawn(SHELL, ['-c', SCRIPT, 'sh', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: process.env.PATH ? `${process.env.PATH}:${PROGRAMS}` : PROGRAMS },
  });

/** Most errors are told by an event; some, such as too large an environment, are thrown. */
const started = async (directory: string): Promise<ChildProcessByStdio<Writable, null, null>> => {
  try {
    const guard = spawnShell(directory);
    await new Promise<void>((resolve, reject) => {
      guard.once('spawn', resolve);
      guard.once('error', reject);
    });
    return guard;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    const help = `see that ${SHELL} can be run: without it a worker that is killed would leave its daemon behind`;
    throw new VpcflowError('VF_ENGINE', `the guard of the daemon cannot be started: ${detail}`, { cause, help });
  }
};

/**
 * Starts the guard, a shell that does nothing but read; rejects with VF_ENGINE when it cannot be started. A JVM does not notice that its parent is gone: without a shard
 * it would go on for ever, take leases and try to start children. It is in a session of its own, so that signals to the
 * worker's group or terminal do not reach it.
 */
export const startGuard = async (directory: string): Promise<DaemonGuard> => {
  const guard = await started(directory);
  const ended = new Promise<void>((resolve) => guard.once('exit', () => resolve()));
  guard.stdin.on('error', () => {}); // it was killed: the children still end when they see the socket close
  return {
    watch: (group) => void guard.stdin.write(`${group}\n`),
    dismiss: async () => {
      guard.stdin.end('done\ndone\n'); // the first is no group if it was never told one
      await ended;
    },
  };
};

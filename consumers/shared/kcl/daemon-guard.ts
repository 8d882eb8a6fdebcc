// Turns the death of the worker, however it comes, into the end of its daemon, its children and its directory.
import { type ChildProcess, spawn } from 'node:child_process';

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

/**
 * Starts the guard, a shell that does nothing but read. A JVM does not notice that its parent is gone: without a shard
 * it would go on for ever, take leases and try to start children. It is in a session of its own, so that signals to the
 * worker's group or terminal do not reach it.
 */
export const startGuard = (directory: string): DaemonGuard => {
  const guard: ChildProcess = spawn('sh', ['-c', SCRIPT, 'sh', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: process.env.PATH === undefined ? {} : { PATH: process.env.PATH },
  });
  const ended = new Promise<void>((resolve) => {
    guard.once('exit', () => resolve());
    guard.once('error', () => resolve()); // no shell: no launcher either, which the daemon will say
  });
  guard.stdin?.on('error', () => {}); // it was killed: the children still end when they see the socket close
  return {
    watch: (group) => void guard.stdin?.write(`${group}\n`),
    dismiss: async () => {
      guard.stdin?.end('done\ndone\n'); // the first is no group if it was never told one
      await ended;
    },
  };
};

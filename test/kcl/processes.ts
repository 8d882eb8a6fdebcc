// Turns the machine's process table into a list of what runs, with its parent and process group.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly command: string;
}

const run = promisify(execFile);

/** Everything that runs; what has ended and only waits to be seen by its parent does not. */
export const processes = async (): Promise<readonly Process[]> => {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,ppid=,pgid=,stat=,args='], { maxBuffer: 1 << 26 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null || match[4]!.startsWith('Z')) return [];
    const [, pid, parent, group, , command] = match;
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), command: command! }];
  });
};

/** Sends a signal; whoever is gone already is no error. */
export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

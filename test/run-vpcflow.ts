// Runs the real command line as a process, as a user does: its output, its exit status, its signals.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './source-files.ts';

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  /** What has come so far. */
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
}

/** The variables of this run, without those that would configure a command or Node (but for where compiled files lie). */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name === 'NODE_COMPILE_CACHE' || !/^(?:VPCFLOW|NODE)_/.test(name)),
);

export const startVpcflow = (args: readonly string[], variables: Readonly<Record<string, string>> = {}): Running => {
  const program = join(ROOT, 'consumers/vpcflow.ts');
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, ...variables },
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) =>
      resolve({ status, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
  return { process: child, stderr: () => Buffer.concat(err).toString(), ended };
};

export const runVpcflow = (args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  startVpcflow(args, variables).ended;

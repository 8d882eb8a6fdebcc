// Runs a KCL worker over the fake daemon, in this process or in one of its own, and looks at what it leaves behind.
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import type { KclWorkerOptions } from '../../../../consumers/shared/kcl/worker.ts';
import { runKclWorker } from '../../../../consumers/shared/kcl/worker.ts';
import type { Log, LogLevel } from '../../../../consumers/shared/log.ts';
import type { Clock } from '../../../../schemas/clock.ts';
import type { Meter } from '../../../../schemas/metrics.ts';
import { until } from '../../../until.ts';
import type { FakeDaemon } from './fake-daemon.ts';
import type { TestChild } from './test-child.ts';

export interface Said {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export const recordLog = (said: Said[]): Log => {
  const of =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void said.push({ level, message, fields });
  return { debug: of('debug'), info: of('info'), warn: of('warn'), error: of('error') };
};

export const recordMeter = (measured: string[]): Meter => {
  const write = (metric: string, value: number, labels: object): void =>
    void measured.push(`${metric} ${value} ${JSON.stringify(labels)}`);
  return { count: write, set: write, observe: write, forget: (shard) => void measured.push(`forget ${shard}`) };
};

/** Waits that are for the worker to give up on somebody, five times as fast. */
const hurried: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms / 5, signal) };

export interface Plan {
  readonly daemon?: FakeDaemon;
  readonly child?: TestChild;
  readonly options?: Partial<KclWorkerOptions>;
}

export interface Started {
  readonly said: readonly Said[];
  readonly measured: readonly string[];
  readonly stop: () => void;
  /** Resolves with the error that the worker rejected with, null when it resolved. */
  readonly ended: Promise<unknown>;
  /** The daemon's process id and group. */
  readonly daemon: () => Promise<number>;
  /** Resolves when every child was initialized. */
  readonly initialized: () => Promise<unknown>;
}

/** Processes of a group that are more than an entry waiting to be collected. */
export const livingIn = async (group: number): Promise<readonly number[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,pgid=,stat=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, pgid, state]) => Number(pgid) === group && !state?.startsWith('Z'))
    .map(([pid]) => Number(pid));
};

export interface StartedProcess {
  readonly pid: number;
  readonly daemon: number;
  /** Resolves with its exit status. */
  readonly ended: Promise<number | null>;
}

export interface Bed {
  readonly directory: string;
  start(plan: Plan): Started;
  /** The same in a process of its own, which is then killed or signalled; resolves once `word` was logged. */
  startProcess(plan: Plan, environment?: Readonly<Record<string, string>>, word?: string): Promise<StartedProcess>;
  /** Run directories that are there. */
  leftovers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const CHILD = new URL('./test-child.ts', import.meta.url);
const quoted = (text: string): string => `'${text}'`;
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Everything temporary lies in a directory of its own, that of the worker too. */
export const openBed = async (): Promise<Bed> => {
  const outside = process.env.TMPDIR;
  const directory = await mkdtemp(join(tmpdir(), 'kcl-'));
  process.env.TMPDIR = directory;
  const java = join(directory, 'java');
  await writeFile(java, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(script('./fake-daemon.ts'))} "$@"\n`);
  await chmod(java, 0o700);
  let runs = 0;
  const optionsOf = (plan: Plan): Omit<KclWorkerOptions, 'meter' | 'log' | 'clock' | 'signal'> => ({
    child: CHILD,
    configuration: plan.child ?? { does: 'well' },
    stream: {
      name: 's',
      arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s',
      id: '123456789012.us-east-1.s',
      region: 'us-east-1',
    },
    ...{ application: 'app', workerId: `w${++runs}`, from: 'trim', retrieval: 'polling' },
    properties: { shutdownGraceMillis: '60000' },
    ...{ java, jars: directory, heap: 64 },
    environment: { ...process.env, FAKE_DAEMON: JSON.stringify(plan.daemon ?? { children: 2 }) },
    ...plan.options,
  });
  return {
    directory,
    start: (plan) => {
      const said: Said[] = [];
      const measured: string[] = [];
      const control = new AbortController();
      const fixed = { meter: recordMeter(measured), log: recordLog(said), clock: hurried, signal: control.signal };
      const ended = runKclWorker({ ...fixed, ...optionsOf(plan) }).then(
        () => null,
        (error: unknown) => error,
      );
      return {
        ...{ said, measured, ended, stop: () => control.abort() },
        daemon: () =>
          until('the daemon runs', () => Number(said.find(({ fields }) => 'daemon' in fields)?.fields.daemon)),
        initialized: () =>
          until('every child is initialized', () =>
            said.some(({ fields, message }) => fields.logger === 'fake' && message === 'initialized'),
          ),
      };
    },
    startProcess: async (plan, environment = {}, word = 'initialized') => {
      const { child, ...rest } = optionsOf(plan);
      const given = JSON.stringify({ ...rest, child: child.href });
      const worker = spawn(process.execPath, [script('./worker-process.ts'), given], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...environment },
      });
      let text = '';
      worker.stderr.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      const ended = new Promise<number | null>((resolve) => worker.once('exit', (status) => resolve(status)));
      // The fake daemon says it last; a child says the same of itself.
      const said = word === 'initialized' ? `"logger":"fake","msg":"${word}"` : `"msg":"${word}"`;
      await until(`the worker says ${word}`, () => text.includes(said), 120);
      return { pid: worker.pid ?? 0, daemon: Number(/"daemon":(\d+)/.exec(text)?.[1]), ended };
    },
    leftovers: async () => (await readdir(directory)).filter((name) => name.startsWith('vpcflow-kcl-')),
    close: async () => {
      if (outside === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = outside;
      await rm(directory, { recursive: true, force: true });
    },
  };
};

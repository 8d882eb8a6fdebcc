// Turns a properties file into a running daemon of the Kinesis Client Library: a Java process and its group of children.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { VpcflowError } from '../../../schemas/errors.ts';
import { systemCode } from '../store/failure.ts';
import { splitLines } from './lines.ts';

const MAIN_CLASS = 'software.amazon.kinesis.multilang.MultiLangDaemon';
/** A log event may have a long message and a stack trace; beyond it the line is text. */
const LONGEST_LINE = 1024 * 1024; // bytes
/** How long the pipes of a dead daemon may stay open: another process that holds them is not waited for. */
const DRAIN_MS = 2_000;

export interface DaemonOptions {
  readonly java: string;
  readonly jars: string; // directory
  readonly heap: number; // MiB
  readonly properties: string; // path
  readonly logback: string; // path
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

export interface DaemonEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Daemon {
  readonly pid: number;
  /** Resolves when the Java process is gone and what it printed was handed on; its children may live on. */
  readonly ended: Promise<DaemonEnd>;
  /** Asks it to end: every child may commit and checkpoint. */
  terminate(): void;
  /** Kills it and every process of its group, now. Can be called again, and after its end. */
  kill(): void;
}

/**
 * Every process that Java starts is in its group. It reads and writes its pipes in UTF-8 whatever the locale says:
 * Java 17 would send `?` for what a POSIX locale lacks, in partition keys too. (18 and later know one way only.)
 */
const javaArguments = ({ heap, jars, properties, logback }: DaemonOptions): readonly string[] => [
  ...['-Xms64m', `-Xmx${Math.max(64, heap)}m`, '-XX:+ExitOnOutOfMemoryError', '-XX:-UsePerfData'],
  ...['-Dfile.encoding=UTF-8', '-Dsun.stderr.encoding=UTF-8', '-Dstderr.encoding=UTF-8'],
  ...['-cp', join(jars, '*'), MAIN_CLASS, '--properties-file', properties, '--log-configuration', logback],
];

/**
 * Java reads file names as the locale says: where it says nothing, as for services, in cron and in containers, a name
 * with a letter beyond ASCII in it is a file that is not there. Node knows UTF-8 only, so that this changes no child.
 */
const localeFor = ({ LC_ALL, LC_CTYPE, LANG }: DaemonOptions['environment']): NodeJS.ProcessEnv =>
  /^(?:C|POSIX)?$/.test(LC_ALL || LC_CTYPE || LANG || '') ? { LC_ALL: 'C.UTF-8' } : {};

/** All but what one Node process is told of itself, and what two cannot do at once (a port for a debugger). */
const inherited = (environment: DaemonOptions['environment']): NodeJS.ProcessEnv => {
  const { NODE_CHANNEL_FD, NODE_CHANNEL_SERIALIZATION_MODE, NODE_UNIQUE_ID, NODE_OPTIONS, ...rest } = environment;
  const options = NODE_OPTIONS?.replace(/(^|\s)--inspect\S*/g, '').trim();
  return { ...rest, ...localeFor(environment), ...(options ? { NODE_OPTIONS: options } : {}) };
};

const read = (stream: Readable, onLine: (line: string) => void): Promise<void> =>
  new Promise((resolve) => {
    const lines = splitLines(LONGEST_LINE, onLine);
    stream.on('data', (chunk: Buffer) => lines.push(chunk));
    stream.on('error', () => {}); // `close` follows
    stream.once('close', () => {
      lines.end();
      resolve();
    });
  });

const unlessGone = (kill: () => void): void => {
  try {
    kill();
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
};

/** Most errors of a start are told by an event; some, such as too large an environment, are thrown. */
const spawnJava = (options: DaemonOptions): ChildProcessByStdio<null, Readable, Readable> => {
  try {
    return spawn(options.java, javaArguments(options), {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: inherited(options.environment),
    });
  } catch (error) {
    throw notStarted(error);
  }
};

const notStarted = (cause: unknown): VpcflowError => {
  const help = 'install Java 17 or newer, or name its program with --java';
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new VpcflowError('VF_ENGINE', `Java cannot be started: ${detail}`, { cause, help });
};

/** Resolves once Java runs. Rejects with VF_ENGINE when it cannot be started. */
export const startDaemon = async (options: DaemonOptions): Promise<Daemon> => {
  const java = spawnJava(options);
  const printed = Promise.all([read(java.stdout, options.stdout), read(java.stderr, options.stderr)]);
  const exited = new Promise<DaemonEnd>((resolve) => {
    java.once('exit', (status, signal) => resolve({ status, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    java.once('spawn', resolve);
    java.once('error', (cause) => reject(notStarted(cause)));
  });
  const { pid } = java;
  if (pid === undefined) throw new VpcflowError('VF_ENGINE', 'Java was started and is nowhere');
  const ended = exited.then(async (end) => {
    const late = setTimeout(() => {
      java.stdout.destroy();
      java.stderr.destroy();
    }, DRAIN_MS);
    await printed;
    clearTimeout(late);
    return end;
  });
  return {
    pid,
    ended,
    terminate: () => unlessGone(() => void java.kill('SIGTERM')),
    kill: () => unlessGone(() => void process.kill(-pid, 'SIGKILL')),
  };
};

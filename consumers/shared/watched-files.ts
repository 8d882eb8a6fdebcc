// Keeps what was read from files that may change at any time, so that they are changed without a restart.
import { stat } from 'node:fs/promises';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Log } from './log.ts';
import { systemCode } from './store/failure.ts';

const LOOK_MS = 1000;

/** What is read, and how it is spoken of. */
export interface Reading<T> {
  /** The files that it lies in, which belong together. */
  readonly paths: readonly string[];
  /** Rejects with a VpcflowError that names the file. */
  readonly read: () => Promise<T>;
  /** What stays as it was where the files have become bad: `the keys`. */
  readonly what: string;
  /** What is said when they were read again. */
  readonly told: (value: T) => { readonly fields: Readonly<Record<string, unknown>>; readonly message: string };
}

/** What is not the same of two versions of the files, wherever they were written. */
interface Version<T> {
  readonly value: T;
  readonly mark: string;
}

/** Clocks and modification times are Unix ms; what changes within a second is seen with the next look. */
export class WatchedFiles<T> {
  readonly #reading: Reading<T>;
  readonly #clock: Clock;
  readonly #log: Log;
  #version: Version<T>;
  #lookedAt: number; // Unix ms
  #looking: Promise<void> | null = null;
  #failed = ''; // the last failure that was told

  private constructor(reading: Reading<T>, clock: Clock, log: Log, version: Version<T>) {
    this.#reading = reading;
    this.#clock = clock;
    this.#log = log;
    this.#version = version;
    this.#lookedAt = clock.now();
  }

  /** Rejects with what `read` rejects with. */
  static async open<T>(reading: Reading<T>, clock: Clock, log: Log): Promise<WatchedFiles<T>> {
    return new WatchedFiles(reading, clock, log, await readVersion(reading));
  }

  /** What holds at this moment; the files are looked at once a second. Never rejects: files that are bad change nothing. */
  async value(): Promise<T> {
    if (this.#looking !== null || this.#clock.now() - this.#lookedAt >= LOOK_MS) await this.#lookOnce();
    return this.#version.value;
  }

  /** Reads the files again, also when they seem to be the same. Never rejects: what is bad is told of in the log. */
  async reload(): Promise<void> {
    await this.#looking;
    this.#version = { ...this.#version, mark: '' };
    await this.#lookOnce();
  }

  #lookOnce(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    this.#lookedAt = this.#clock.now();
    try {
      const mark = await markOf(this.#reading.paths).catch(() => null); // what is wrong is said by reading it
      if (mark === this.#version.mark) return;
      this.#version = await readVersion(this.#reading);
      this.#failed = '';
      const { fields, message } = this.#reading.told(this.#version.value);
      this.#log.info(fields, message);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#failed) this.#log.error({}, `${message}; ${this.#reading.what} stay as they were`);
      this.#failed = message;
    }
  }
}

const markOf = async (paths: readonly string[]): Promise<string> => {
  const found = await Promise.all(paths.map((path) => stat(path)));
  return found.map(({ mtimeMs, size, ino }) => [mtimeMs, size, ino].join()).join('\n');
};

const readVersion = async <T>({ paths, read }: Reading<T>): Promise<Version<T>> => {
  // Before the content: what is written in between is seen the next time. A file that is not there is told by `read`.
  const mark = await markOf(paths).catch(() => '');
  return { value: await read(), mark };
};

/** The error of a file that cannot be read. */
export const unreadable = (what: string, cause: unknown, help: string): VpcflowError => {
  const code = systemCode(cause) ?? cause;
  return new VpcflowError('VF_SOURCE_UNREADABLE', `${what} cannot be read: ${code}`, { cause, help });
};

/** Warns of a file with secrets that others than its owner can read. */
export const warnIfOpen = async (path: string, log: Log): Promise<void> => {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  log.warn({ mode: (mode & 0o777).toString(8) }, `others than its owner can read ${path}: chmod 600`);
};

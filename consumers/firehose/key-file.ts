// Keeps the access keys of a file that may change at any time, so that a key is rotated without a restart.
import { readFile, stat } from 'node:fs/promises';
import { type AccessKeys, parseAccessKeys } from '../../pipeline/firehose/access-keys.ts';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Log } from '../shared/log.ts';

const LOOK_MS = 1000;

/** What is not the same of two versions of the file, wherever it was written. */
interface Version {
  readonly keys: AccessKeys;
  readonly mark: string;
}

/** Clocks and modification times are Unix ms; what changes within a second is seen with the next look. */
export class KeyFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #version: Version;
  #lookedAt: number; // Unix ms
  #looking: Promise<void> | null = null;
  #failed = ''; // the last failure that was told

  private constructor(path: string, clock: Clock, log: Log, version: Version) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#version = version;
    this.#lookedAt = clock.now();
  }

  /** Rejects with VF_SOURCE_UNREADABLE for a file that cannot be read, and with VF_USAGE for one without a key. */
  static async open(path: string, clock: Clock, log: Log): Promise<KeyFile> {
    return new KeyFile(path, clock, log, await read(path, log));
  }

  /** The keys that hold at this moment; the file is looked at once a second. Never rejects: a file that is bad changes nothing. */
  async keys(): Promise<AccessKeys> {
    if (this.#clock.now() - this.#lookedAt >= LOOK_MS) await this.#lookOnce();
    return this.#version.keys;
  }

  /** Reads the file again, also when it seems to be the same. Never rejects: a file that is bad is told of in the log. */
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
      const mark = await markOf(this.#path).catch(() => null); // what is wrong is said by reading it
      if (mark === this.#version.mark) return;
      this.#version = await read(this.#path, this.#log);
      this.#failed = '';
      this.#log.info({ keys: this.#version.keys.length }, 'the access keys were read again');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#failed) this.#log.error({}, `${message}; the keys stay as they were`);
      this.#failed = message;
    }
  }
}

const markOf = async (path: string): Promise<string> => {
  const { mtimeMs, size, ino } = await stat(path);
  return [mtimeMs, size, ino].join();
};

const read = async (path: string, log: Log): Promise<Version> => {
  const help = 'give a file with one access key a line, readable by this user';
  try {
    const mark = await markOf(path); // before its content: what is written in between is seen the next time
    const keys = parseAccessKeys(await readFile(path, 'utf8'));
    if (keys.length === 0) throw new VpcflowError('VF_USAGE', `the access key file ${path} has no key`, { help });
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      log.warn({ mode: (mode & 0o777).toString(8) }, `others than its owner can read ${path}: chmod 600`);
    return { keys, mark };
  } catch (cause) {
    if (cause instanceof VpcflowError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? cause.code : cause;
    throw new VpcflowError('VF_SOURCE_UNREADABLE', `the access key file ${path} cannot be read: ${code}`, {
      cause,
      help,
    });
  }
};

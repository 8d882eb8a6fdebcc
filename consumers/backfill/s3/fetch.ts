// Turns an object in S3 into a file of this machine that holds its bytes, and their identity.
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { systemClock } from '../../shared/clock.ts';
import type { S3Source } from '../source-object.ts';
import { brokenTrouble, objectTrouble, replacedTrouble } from './trouble.ts';

export interface FetchedObject {
  /** Where its bytes lie until it is disposed of. */
  readonly path: string;
  readonly identity: string; // SHA-256 of the bytes, hex
  readonly size: number; // bytes
  readonly etag: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Fetching {
  /** Told of every piece that arrives. */
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly limits?: FetchLimits;
}

export interface FetchLimits {
  /** How often a body that breaks off is taken up again; before its answer begins, the SDK repeats. */
  readonly resumptions: number;
  readonly stall: number; // ms without a byte of the body
  readonly pause: number; // ms before it is taken up again, doubled each time
}

/** Seven pauses are about 13 s: a server that restarts is waited for. */
const FETCH_LIMITS: FetchLimits = { resumptions: 7, stall: 20_000, pause: 100 };

/** The disk of the spool fails: for this object as for any other, and not for a moment. */
const spoolTrouble = (path: string, cause: unknown): VpcflowError => {
  const why = cause instanceof Error ? cause.message : String(cause);
  const help = 'check the directory for temporary files (TMPDIR) and its free space';
  return new VpcflowError('VF_STORE_UNREACHABLE', `cannot write ${path}: ${why}`, { cause, help });
};

/** The file, what of the object is in it, and the hash over that. */
class Spool {
  readonly #path: string;
  readonly #file: FileHandle;
  #hash: Hash = createHash('sha256');
  size = 0;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    try {
      for (let done = 0; done < chunk.length; ) {
        done += (await this.#file.write(chunk, done, chunk.length - done, this.size + done)).bytesWritten;
      }
    } catch (error) {
      throw spoolTrouble(this.#path, error);
    }
    this.size += chunk.length;
  }

  async clear(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.size = 0;
  }

  identity(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** What an answer says of the whole object. */
interface Whole {
  readonly etag: string;
  readonly size: number;
}

const wholeOf = (answer: GetObjectCommandOutput, from: number): Whole | null => {
  const { ETag, ContentLength, ContentRange } = answer;
  if (ETag === undefined || ContentLength === undefined) return null;
  if (from > 0 && !ContentRange?.startsWith(`bytes ${from}-`)) return null;
  return { etag: ETag, size: from + ContentLength };
};

/** The body came to a stop: what came before is good. */
class BodyStopped extends Error {}

/**
 * Whether what a body failed with is the matter of the connection, so that it can be taken up where it ended. After
 * anything else, such as a wrong checksum (of which the body says before its last bytes are read), it is read anew.
 */
const isOfConnection = (error: unknown): boolean =>
  error instanceof BodyStopped ||
  (error instanceof Error && ('code' in error || error.message.startsWith('Connection lost')));

/** Copies a body into the spool. Rejects when it breaks off, stalls, or the signal aborts. */
const pour = async (body: Readable, spool: Spool, { onBytes, signal }: Fetching, stall: number): Promise<void> => {
  const stalled = setTimeout(() => body.destroy(new BodyStopped(`no byte came for ${stall / 1000} s`)), stall);
  const abort = (): void => void body.destroy(new Error('stopped'));
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    for await (const chunk of body) {
      await spool.add(chunk);
      onBytes(chunk.length);
      stalled.refresh();
    }
  } finally {
    clearTimeout(stalled);
    signal.removeEventListener('abort', abort);
  }
};

const fill = async (client: S3Client, source: S3Source, spool: Spool, fetching: Fetching): Promise<string> => {
  const { name, bucket, key, versionId } = source;
  const { clock = systemClock, limits = FETCH_LIMITS, signal } = fetching;
  const version = versionId === null ? {} : { VersionId: versionId };
  let etag = source.etag;
  for (let resumed = 0; ; resumed++) {
    const from = spool.size;
    const condition = etag === null ? {} : { IfMatch: etag };
    const range = from === 0 ? {} : { Range: `bytes=${from}-` };
    const get = new GetObjectCommand({ Bucket: bucket, Key: key, ...version, ...condition, ...range });
    let answer: GetObjectCommandOutput;
    try {
      answer = await client.send(get, { abortSignal: signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : objectTrouble(name, error);
    }
    const whole = wholeOf(answer, from);
    if (whole === null || !(answer.Body instanceof Readable)) {
      throw objectTrouble(name, new Error('the server does not answer as S3 does'));
    }
    // Asked for with its tag, and still another: a server that ignores the condition.
    if (etag !== null && whole.etag !== etag) {
      answer.Body.destroy();
      throw replacedTrouble(name);
    }
    etag = whole.etag;
    let failure: unknown;
    try {
      await pour(answer.Body, spool, fetching, limits.stall);
      if (spool.size === whole.size) return etag;
      failure = new BodyStopped(`the answer ends after ${spool.size} of ${whole.size} bytes`);
    } catch (error) {
      answer.Body.destroy();
      failure = error;
    }
    if (signal.aborted) throw signal.reason;
    if (failure instanceof VpcflowError) throw failure;
    if (resumed >= limits.resumptions) throw brokenTrouble(name, resumed + 1, failure);
    if (!isOfConnection(failure) || spool.size >= whole.size) await spool.clear();
    await clock.sleep(limits.pause * 2 ** resumed, signal);
  }
};

/**
 * Gets an object as it was listed, streamed into a file of its own in `spoolDirectory`, which goes when the result is
 * disposed of. A body that breaks off or stalls is taken up where it ended, under the same tag.
 * @throws VF_SOURCE_UNREADABLE for this object alone (gone, replaced, denied, archived, …), VF_SERVICE where no other can
 * be got either; VF_STORE_UNREACHABLE for the disk of the spool; the reason of the signal when it aborts.
 */
export const fetchObject = async (
  client: S3Client,
  source: S3Source,
  spoolDirectory: string,
  fetching: Fetching,
): Promise<FetchedObject> => {
  const path = join(spoolDirectory, randomUUID());
  const dispose = (): Promise<void> => rm(path, { force: true });
  try {
    await using file = await open(path, 'wx', 0o600).catch((error) => {
      throw spoolTrouble(path, error);
    });
    const spool = new Spool(path, file);
    const etag = await fill(client, source, spool, fetching);
    return { path, identity: spool.identity(), size: spool.size, etag, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
};

// Turns an S3 bucket (or what lies under one prefix of it) into an ObjectStore.
import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ListedObject, ObjectStore, PutCondition, PutResult, StoredObject } from '../../../schemas/store.ts';
import { systemClock } from '../clock.ts';
import { checkKey, checkPrefix, compareKeys, MAX_KEY_BYTES } from './key.ts';
import { isAbsent, isDefiniteRefusal, s3Failure, statusOf, wasRetried } from './s3-failure.ts';

/** Object metadata: a name drawn for each `put`, by which a writer recognises its own object. */
const WRITER = 'vpcflow-writer';
/** Rounds of a put or get above the SDK's own attempts. */
const ROUNDS = 6;
const FIRST_PAUSE = 50; // ms, doubled each round

interface Found {
  readonly tag: string;
  readonly writer: string | undefined;
}

/**
 * The tag is the ETag. **Conditional puts** are decided by S3 (`If-None-Match: *`, `If-Match`). An answer that did not
 * arrive (time-out, reset, 5xx), or a 412 that may be the answer to the SDK's repetition of a put that had succeeded,
 * is resolved by reading back. Equal bytes would prove nothing, for two workers may write the same bytes, so each `put`
 * carries a name of its own in the metadata: found, it is `stored`. Not found,
 * - while the condition still holds, the put is repeated under the same name: a late arrival of the first one is ours too;
 * - with `ifAbsent`, another's object is `exists`: whether ours came first and was replaced since, the key is not ours;
 * - with `ifMatch`, another version is `exists` only when none of our attempts was in doubt; otherwise ours may have been
 *   stored and built upon, which `exists` would deny, so the put fails (VF_STORE_UNREACHABLE).
 */
export class S3Store implements ObjectStore {
  readonly uri: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string; // '' or ending in '/'
  readonly #clock: Clock;

  /** `prefix` without slashes around it. */
  constructor(client: S3Client, bucket: string, prefix = '', clock: Clock = systemClock) {
    if (prefix !== '') checkKey(prefix);
    this.uri = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#clock = clock;
  }

  async put(key: string, body: Uint8Array, condition?: PutCondition): Promise<PutResult> {
    const at = this.#at(key);
    const writer = randomUUID();
    const conditions =
      condition === undefined ? {} : 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch };
    let doubtful = false;
    for (let round = 1; ; round++) {
      try {
        const put = new PutObjectCommand({ ...at, ...conditions, Body: body, Metadata: { [WRITER]: writer } });
        return this.#stored(key, (await this.#client.send(put)).ETag);
      } catch (error) {
        doubtful ||= wasRetried(error) || !isDefiniteRefusal(error);
        const verdict = await this.#verdict(error, key, writer, condition, doubtful);
        if (verdict !== undefined && verdict !== 'repeat') return verdict;
        if (verdict === undefined || round >= ROUNDS) throw s3Failure(this.uri, `write ${key}`, error);
        await this.#pause(round);
      }
    }
  }

  /** What a failed put means: a result, `repeat`, or undefined when it failed for another reason than its condition. */
  async #verdict(
    error: unknown,
    key: string,
    writer: string,
    condition: PutCondition | undefined,
    doubtful: boolean,
  ): Promise<PutResult | 'repeat' | undefined> {
    const status = statusOf(error);
    // ConditionalRequestConflict, OperationAborted: another request was on its way, ours was not carried out.
    if (status === 409) return 'repeat';
    if (condition === undefined) return undefined;
    const unmet = status === 412 || (status === 404 && isAbsent(error) && 'ifMatch' in condition);
    if (!unmet && isDefiniteRefusal(error)) return undefined;
    const found = await this.#head(key);
    if (found?.writer === writer) return { outcome: 'stored', tag: found.tag };
    if (unmet && !doubtful) return { outcome: 'exists' };
    if ('ifAbsent' in condition) return found === null ? 'repeat' : { outcome: 'exists' };
    if (found?.tag === condition.ifMatch) return 'repeat';
    throw new VpcflowError(
      'VF_STORE_UNREACHABLE',
      `${this.uri}: cannot tell whether ${key} was written before another writer replaced it`,
      { cause: error },
    );
  }

  async #head(key: string): Promise<Found | null> {
    try {
      const found = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return { tag: this.#tag(key, found.ETag), writer: found.Metadata?.[WRITER] };
    } catch (error) {
      if (isAbsent(error)) return null;
      throw s3Failure(this.uri, `read ${key} back`, error);
    }
  }

  async get(key: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<StoredObject | null> {
    const at = this.#at(key);
    for (let round = 1; ; round++) {
      let answered = false;
      try {
        const found = await this.#client.send(new GetObjectCommand(at), signal && { abortSignal: signal });
        answered = true; // from here on the SDK does not repeat: the body may still break off
        const bytes = await found.Body?.transformToByteArray();
        if (bytes === undefined) throw new Error('the answer has no body');
        return { body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), tag: this.#tag(key, found.ETag) };
      } catch (error) {
        if (isAbsent(error)) return null;
        if (!answered || round >= ROUNDS) throw s3Failure(this.uri, `read ${key}`, error);
        await this.#pause(round);
      }
    }
  }

  async *list(prefix: string, options: { readonly after?: string } = {}): AsyncIterable<ListedObject> {
    checkPrefix(prefix);
    let last: string | undefined = options.after;
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, options.after, token);
      for (const { Key, Size, ETag } of page.Contents ?? []) {
        if (Key === undefined || Size === undefined) throw this.#wrong('its listing has an object without key or size');
        const key = Key.slice(this.#prefix.length);
        if (key === '' || key.endsWith('/')) continue; // a marker of a folder, as consoles make them
        if (last !== undefined && compareKeys(key, last) <= 0) throw this.#wrong('its listing is not in order');
        last = key;
        yield { key, size: Size, tag: this.#tag(key, ETag) };
      }
      token = page.NextContinuationToken;
      if (page.IsTruncated && token === undefined) throw this.#wrong('its listing breaks off');
    } while (token !== undefined);
  }

  async #page(prefix: string, after?: string, token?: string): Promise<ListObjectsV2CommandOutput> {
    const from = token !== undefined ? { ContinuationToken: token } : after && { StartAfter: this.#prefix + after };
    const request = { Bucket: this.#bucket, Prefix: this.#prefix + prefix, ...from };
    try {
      return await this.#client.send(new ListObjectsV2Command(request));
    } catch (error) {
      throw s3Failure(this.uri, `list ${prefix === '' ? 'it' : prefix}`, error);
    }
  }

  async remove(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#at(key)));
    } catch (error) {
      if (!isAbsent(error)) throw s3Failure(this.uri, `remove ${key}`, error);
    }
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    checkKey(key);
    const full = this.#prefix + key;
    if (Buffer.byteLength(full) > MAX_KEY_BYTES) {
      throw new VpcflowError('VF_STORE_KEY', `${full.slice(0, 200)}… is longer than ${MAX_KEY_BYTES} bytes`);
    }
    return { Bucket: this.#bucket, Key: full };
  }

  #stored(key: string, etag: string | undefined): PutResult {
    return { outcome: 'stored', tag: this.#tag(key, etag) };
  }

  #tag(key: string, etag: string | undefined): string {
    if (etag === undefined || etag === '') throw this.#wrong(`it gives no ETag for ${key}`);
    return etag;
  }

  #wrong(what: string): VpcflowError {
    return new VpcflowError('VF_STORE_UNREACHABLE', `${this.uri} does not answer as S3 does: ${what}`);
  }

  async #pause(round: number): Promise<void> {
    await this.#clock.sleep(FIRST_PAUSE * 2 ** (round - 1) * (0.5 + Math.random()));
  }
}

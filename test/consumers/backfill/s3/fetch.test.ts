// Getting one object, from a real S3 server: whole, in pieces, replaced, gone, refused, in bounded memory.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type FetchedObject, type FetchLimits, fetchObject } from '../../../../consumers/backfill/s3/fetch.ts';
import type { S3Source } from '../../../../consumers/backfill/source-object.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { ProxyFault } from '../../../s3-proxy.ts';
import { startS3Server } from '../../../s3-server.ts';
import { BUCKET, openBucket } from './bucket.ts';

const server = await startS3Server();
const bucket = server === null ? null : await openBucket(server);
const folder = mkdtempSync(join(tmpdir(), 'vpcflow-fetch-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await bucket?.stop();
});

const MiB = 1024 * 1024;
const LIMITS: FetchLimits = { resumptions: 3, stall: 20_000, pause: 0 };

describe.skipIf(bucket === null)('an object', () => {
  // Skipped without it.
  const { put, source, proxy, client } = bucket as NonNullable<typeof bucket>;
  const body = randomBytes(5 * MiB);
  const identity = createHash('sha256').update(body).digest('hex');

  beforeEach(() => {
    proxy.fault = () => null;
    proxy.requests.length = 0;
  });

  interface Attempt {
    readonly limits?: Partial<FetchLimits>;
    readonly signal?: AbortSignal;
    readonly onBytes?: (count: number) => void;
  }

  const fetch = (
    object: S3Source,
    { limits, signal, onBytes = () => undefined }: Attempt = {},
  ): Promise<FetchedObject> =>
    fetchObject(client, object, folder, {
      ...{ onBytes, limits: { ...LIMITS, ...limits } },
      signal: signal ?? new AbortController().signal,
    });

  /** The next answers with a body meet these faults, one each. */
  const meets = (...faults: readonly (ProxyFault | null)[]): void => {
    let met = 0;
    proxy.fault = () => faults[met++] ?? null;
  };

  const problem = async (object: S3Source, attempt: Attempt = {}): Promise<VpcflowError> => {
    const error = await fetch(object, attempt).catch((failure: unknown) => failure);
    if (!(error instanceof VpcflowError)) throw new Error(`not refused: ${error}`);
    expect(readdirSync(folder)).toEqual([]); // nothing is left of what was begun
    return error;
  };

  const ranges = () => proxy.requests.map(({ headers }) => headers.range ?? 'whole');

  test('is a file with its bytes until it is disposed of', async () => {
    await put('whole.gz', body);
    const object = await source('whole.gz');
    let told = 0;
    const fetched = await fetch(object, { onBytes: (count) => (told += count) });
    expect(fetched).toMatchObject({ identity, size: body.length, etag: object.etag });
    expect(told).toBe(body.length);
    expect(readFileSync(fetched.path).equals(body)).toBe(true);
    expect(statSync(fetched.path).mode & 0o777).toBe(0o600);
    await fetched[Symbol.asyncDispose]();
    expect(existsSync(fetched.path)).toBe(false);
    await using untagged = await fetch({ ...object, etag: null });
    expect([untagged.identity, untagged.etag]).toEqual([identity, object.etag]);
  });

  test('whose body breaks off is taken up where it ended, under its tag', async () => {
    await put('cut.gz', body);
    const object = await source('cut.gz');
    proxy.requests.length = 0;
    meets({ kind: 'cut', after: 3 * MiB + 17 }, { kind: 'cut', after: MiB }, { kind: 'cut', after: 0 });
    await using fetched = await fetch(object);
    expect(readFileSync(fetched.path).equals(body)).toBe(true);
    expect([fetched.identity, fetched.size]).toEqual([identity, body.length]);
    const from = ranges().map((range) => Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0));
    expect(from).toHaveLength(4);
    expect(from[0]).toBe(0);
    expect(from[1]).toBeGreaterThan(0);
    expect(from[2]).toBeGreaterThan(from[1] ?? 0);
    expect(from[3]).toBe(from[2]);
    expect(proxy.requests.map(({ headers }) => headers['if-match'])).toEqual(Array(4).fill(object.etag));
  });

  test('whose body comes to a stop is taken up, too', async () => {
    await put('stall.gz', body);
    const object = await source('stall.gz');
    proxy.requests.length = 0;
    meets({ kind: 'stall', after: 2 * MiB });
    await using fetched = await fetch(object, { limits: { stall: 200 } });
    expect(fetched.identity).toBe(identity);
    expect(ranges()).toEqual(['whole', 'bytes=2097152-']);
  });

  test('whose bytes are not those of its checksum is read again from its begin', async () => {
    const [right, wrong] = ['right', 'wrong'].map((word) => word.repeat(MiB)) as [string, string];
    await put('checksum.gz', right);
    const object = await source('checksum.gz');
    proxy.requests.length = 0;
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(right));
    const headers = { etag: object.etag ?? '', 'content-length': String(wrong.length) };
    meets({ kind: 'say', headers: { ...headers, 'x-amz-checksum-crc32': checksum.toString('base64') }, body: wrong });
    let told = 0;
    await using fetched = await fetch(object, { onBytes: (count) => (told += count) });
    expect(told).toBeGreaterThan(right.length); // some of the wrong ones had come
    expect(readFileSync(fetched.path, 'utf8') === right).toBe(true);
    expect(fetched.identity).toBe(createHash('sha256').update(right).digest('hex'));
    expect(ranges()).toEqual(['whole', 'whole']);
  });

  test('of a server that knows no ranges is no object to go on with', async () => {
    await put('ranges.gz', body);
    const object = await source('ranges.gz');
    const headers = { etag: object.etag ?? '', 'content-length': '4' };
    meets({ kind: 'cut', after: MiB }, { kind: 'say', headers, body: 'flow' });
    expect((await problem(object)).message).toContain('the server does not answer as S3 does');
  });

  test('that always breaks off is given up, with the reason', async () => {
    await put('never.gz', body);
    const object = await source('never.gz');
    proxy.requests.length = 0;
    proxy.fault = () => ({ kind: 'cut', after: 1000 });
    const error = await problem(object);
    expect(error.code).toBe('VF_SOURCE_UNREADABLE');
    expect(error.message).toMatch(
      /^cannot read s3:\/\/flow-logs\/never\.gz: its content broke off 4 times, at last with: \S/,
    );
    expect(proxy.requests).toHaveLength(1 + LIMITS.resumptions);
  });

  test('that is replaced between the list and the get, or between two pieces of it, is not read', async () => {
    await put('replaced.gz', body);
    const listed = await source('replaced.gz');
    await put('replaced.gz', 'other content');
    const error = await problem(listed);
    expect([error.code, error.message]).toEqual([
      'VF_SOURCE_UNREADABLE',
      `s3://${BUCKET}/replaced.gz was replaced while it was read`,
    ]);
    expect(error.help).toMatch(/run it again/);

    await put('pieces.gz', body);
    const again = await source('pieces.gz');
    let cut = false;
    proxy.fault = async (request) => {
      if (request.method !== 'GET') return null;
      if (cut) {
        await put('pieces.gz', 'other content');
        return null;
      }
      cut = true;
      return { kind: 'cut', after: MiB };
    };
    expect((await problem(again)).message).toContain('was replaced while it was read');
  });

  test('that is gone when its turn comes is named', async () => {
    await put('gone.gz', 'x');
    const listed = await source('gone.gz');
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'gone.gz' }));
    const error = await problem(listed);
    expect(error.code).toBe('VF_SOURCE_UNREADABLE');
    expect(error.message).toBe(`cannot read s3://${BUCKET}/gone.gz: it is not there any more`);
  });

  test.each([
    [
      { status: 403, code: 'AccessDenied', message: 'Access Denied' },
      /access is denied \(.*\)/,
      /s3:GetObject.*--role/,
    ],
    [
      { status: 403, code: 'AccessDenied', message: 'x is not authorized to perform: kms:Decrypt on resource y' },
      /KMS key of it is denied/,
      /kms:Decrypt/,
    ],
    [{ status: 400, code: 'KMS.DisabledException', message: 'the key is disabled' }, /KMS key of it/, /kms:Decrypt/],
    [
      { status: 403, code: 'InvalidObjectState', storageClass: 'GLACIER' },
      /storage class GLACIER$/,
      /aws s3api restore-object --bucket flow-logs --key 'refused.gz'/,
    ],
    [{ status: 403, code: 'InvalidObjectState' }, /storage class GLACIER \(or another archive\)/, /restore/],
    [{ status: 404, code: 'NoSuchBucket' }, /there is no bucket flow-logs/, /check its name/],
    [{ status: 503, code: 'SlowDown' }, /asks to slow down/, /run it again/],
    [{ status: 301, code: 'PermanentRedirect' }, /in another region/, /AWS_REGION/],
  ])('that is refused says why: %j', async (answer, message, help) => {
    await put('refused.gz', 'x');
    const object = await source('refused.gz');
    proxy.fault = () => ({ kind: 'answer', ...answer });
    const error = await problem(object);
    expect(error.code).toBe('VF_SOURCE_UNREADABLE');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`cannot read s3://${BUCKET}/refused.gz: `);
    expect(error.help).toMatch(help);
  });

  test.each([
    [{ status: 403, code: 'ExpiredToken' }, /the credentials have expired/],
    [{ status: 403, code: 'InvalidAccessKeyId' }, /the credentials are not valid/],
    [{ status: 403, code: 'RequestTimeTooSkewed' }, /the signature has the wrong time/],
  ])('that nobody could get is no fault of its own: %j', async (answer, message) => {
    await put('refused.gz', 'x');
    const object = await source('refused.gz');
    proxy.fault = () => ({ kind: 'answer', ...answer });
    const error = await problem(object);
    expect(error.code).toBe('VF_SERVICE');
    expect(error.message).toMatch(message);
  });

  test('is left where it is when the signal aborts', async () => {
    await put('aborted.gz', body);
    const object = await source('aborted.gz');
    const abort = new AbortController();
    proxy.fault = () => ({ kind: 'stall', after: MiB });
    const fetching = fetch(object, { signal: abort.signal, onBytes: () => abort.abort(new Error('enough')) });
    await expect(fetching).rejects.toThrow('enough');
    await expect(fetch(object, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('has to have a place for its copy', async () => {
    await put('spool.gz', 'x');
    const object = await source('spool.gz');
    const none = join(folder, 'none');
    const fetching = fetchObject(client, object, none, {
      ...{ onBytes: () => undefined, signal: new AbortController().signal },
    });
    await expect(fetching).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
      help: expect.stringMatching(/TMPDIR/),
    });
  });

  test('of 75 MB takes no more memory than a small one', async () => {
    const size = 75 * MiB;
    await put('large.gz', Buffer.alloc(size, 'flow logs '));
    const object = await source('large.gz');
    let peak = 0;
    const before = process.memoryUsage.rss();
    await using fetched = await fetch(object, {
      onBytes: () => {
        peak = Math.max(peak, process.memoryUsage.rss() - before);
      },
    });
    expect(fetched.size).toBe(size);
    expect(statSync(fetched.path).size).toBe(size);
    expect(peak).toBeLessThan(48 * MiB);
  });
});

// Every error of the catalogue: how a client of the query server meets it, or why it never does.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { S3Store } from '../../../../consumers/shared/store/s3.ts';
import { createS3Client, S3_LIMITS } from '../../../../consumers/shared/store/s3-client.ts';
import { ERRORS, type ErrorCode } from '../../../../schemas/errors.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { startS3Proxy } from '../../../s3-proxy.ts';
import { s3Environment } from '../../../s3-server.ts';
import { PRODUCT } from '../../../source-files.ts';
import { NOW, putGoldenStore } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';
import { ask, type RawAnswer, sendBytes } from './raw-request.ts';

const { start, path } = serving();

const ROWS = `/v1/rows?${HOUR}`;
const POST = { method: 'POST', headers: { 'content-type': 'application/json' } };

/** A store that asks `release` before it lists digests; `asked` resolves when it did. */
function stuckStore() {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const store = new MemoryStore(new Map(), {
    beforeEach: async (operation, key) => {
      if (operation !== 'list' || !key.startsWith('digests/')) return;
      asked.resolve();
      await gate.promise;
    },
  });
  return { store, asked: asked.promise, release: gate.resolve };
}

const tokenFile = async (): Promise<string> => {
  const hash = createHash('sha256').update('reads').digest('hex');
  await writeFile(path('tokens'), `read alice ${hash}\n`, { mode: 0o600 });
  return path('tokens');
};

/** A bucket whose server answers everything so. */
async function deniedBucket(
  status: number,
  code: string,
): Promise<{ readonly store: S3Store; readonly stop: () => Promise<void> }> {
  const proxy = await startS3Proxy(1); // nothing is handed on
  proxy.fault = () => ({ kind: 'answer', status, code });
  const before = { ...process.env };
  Object.assign(process.env, s3Environment(proxy.endpoint));
  const client = await createS3Client({ ...S3_LIMITS, attempts: 2, pause: 1 });
  await client.config.credentials();
  process.env = before;
  return { store: new S3Store(client, 'bucket', ''), stop: () => proxy.stop() };
}

/** What a client does, or meets, to be told of the error. */
const PROVOKED: Readonly<Partial<Record<ErrorCode, () => Promise<RawAnswer>>>> = {
  VF_BAD_TIME: async () => ask(`${(await start()).url}/v1/rows?start=yesterday&stop=now`),
  VF_BAD_WINDOW: async () => ask(`${(await start()).url}/v1/graph?start=now&stop=now-1h`),
  VF_BAD_FILTER: async () => ask(`${(await start()).url}${ROWS}&filter=dstport%20%3D`),
  VF_BAD_PARAMETER: async () => ask(`${(await start()).url}${ROWS}&format=xml`),
  VF_NOT_FOUND: async () => ask(`${(await start()).url}/v2/rows`),
  VF_METHOD: async () => ask(`${(await start()).url}${ROWS}`, { method: 'DELETE' }),
  VF_SLOW_REQUEST: async () => sendBytes((await start({ requestTimeout: 200 })).url, 'GET / HTTP/1.1\r\nHost: loc'),
  VF_BODY_TOO_LARGE: async () => ask(`${(await start()).url}/jobs`, { ...POST, body: 'x'.repeat(100_000) }),
  VF_FORBIDDEN_HOST: async () => ask(`${(await start()).url}${ROWS}`, { headers: { host: 'evil.example' } }),
  VF_UNAUTHORIZED: async () => ask(`${(await start({ tokenFile: await tokenFile() })).url}${ROWS}`),
  VF_FORBIDDEN: async () => ask(`${(await start({ trustedProxies: ['10.0.0.0/8'] })).url}${ROWS}`),
  VF_RATE: async () => {
    const { url } = await start({ rateLimit: 1 });
    await ask(url + ROWS);
    return ask(url + ROWS);
  },
  VF_TOO_LARGE: async () => sendBytes((await start()).url, `GET ${ROWS}&filter=${'x'.repeat(1_000_000)} HTTP/1.1\r\n`),
  VF_CACHE: async () => {
    await writeFile(path('no-directory'), '');
    const store = new MemoryStore();
    await putGoldenStore(store);
    return ask(`${(await start({ store, cacheDirectory: path('no-directory') })).url}${ROWS}`);
  },
  VF_BUSY: async () => {
    const { store, asked, release } = stuckStore();
    const { url } = await start({ store, maxRequests: 1 });
    const first = ask(url + ROWS);
    await asked;
    const second = await ask(url + ROWS);
    release();
    await first;
    return second;
  },
  VF_STORE_UNREACHABLE: async () => {
    const { store, stop } = await deniedBucket(403, 'AccessDenied');
    try {
      return await ask(`${(await start({ store })).url}${ROWS}`);
    } finally {
      await stop();
    }
  },
  VF_STORE_CORRUPT: async () => {
    // Whenever it is looked at, each of its objects is damaged in another way.
    const backing = new Map<string, Buffer>();
    await putGoldenStore(new MemoryStore(backing));
    let looks = 0;
    const store = new MemoryStore(backing, {
      beforeEach: (operation, key) => {
        if (operation !== 'list' || !key.startsWith('digests/')) return;
        looks += 1;
        for (const [name, body] of backing) {
          if (name.startsWith('digests/')) backing.set(name, Buffer.from(body).fill(0xa0 + looks, 4, 44));
        }
      },
    });
    return ask(`${(await start({ store })).url}${ROWS}`);
  },
  VF_LIMIT: async () => ask(`${(await start()).url}/v1/rows?start=now-100d&stop=now`),
  VF_TIMEOUT: async () => {
    const { store, asked, release } = stuckStore();
    const clock = new ManualClock(NOW);
    const { url } = await start({ store, clock, queryTimeout: 1000 });
    const answer = ask(url + ROWS);
    await asked;
    await clock.advance(1000);
    release();
    return answer;
  },
  VF_QUERY: async () => {
    const store = new MemoryStore(new Map(), {
      beforeEach: () => {
        throw new TypeError('a mistake of ours');
      },
    });
    return ask(`${(await start({ store })).url}${ROWS}`);
  },
};

/** Why a server that runs does not answer with it. */
const NEVER: Readonly<Partial<Record<ErrorCode, string>>> = {
  VF_USAGE: 'of the options, before the server starts',
  VF_BIND_REFUSED: 'before the server starts',
  VF_PORT_IN_USE: 'before the server starts',
  VF_SOURCE_UNREADABLE: 'of the token and PEM files, before the server starts; later the last good ones hold',
  VF_STORE_MISSING: 'before the server starts; a bucket that goes is VF_STORE_UNREACHABLE',
  VF_STORE_VERSION: 'before the server starts',
  VF_STORE_KEY: 'no key of the store comes from a request',
  VF_BAD_FORMAT: 'a LogFormat is no parameter',
  VF_RULES: 'of mirror, before it starts',
  VF_NAME_REUSED: 'of backfill',
  VF_OVERLAP: 'of backfill and rejects replay',
  VF_SERVICE: 'of formats discover and doctor, which ask other services than S3',
  VF_IN_USE: 'of a directory that is written to, which up and backfill lock',
  VF_CLAIM_LOST: 'of workers',
  VF_CHAIN_AHEAD: 'of workers',
  VF_CHAIN_BROKEN: 'of workers; the audit tells of it as a gap',
  VF_DECODER_VERSION: 'of workers',
  VF_LEASE_LOST: 'of workers',
  VF_CHECKPOINT_FAILED: 'of workers',
  VF_ENGINE: 'of workers',
  VF_STREAM: 'of workers',
};

test('every code of the catalogue is either provoked here, or said why not', () => {
  const decided = [...Object.keys(PROVOKED), ...Object.keys(NEVER)].sort();
  expect(decided).toEqual(Object.keys(ERRORS).sort());
});

test('no route throws a code that never comes', () => {
  const own = PRODUCT.filter(({ path: file }) =>
    /^consumers\/query\/(?:routes|questions|openapi|page|drawing)\//.test(file),
  );
  const thrown = own.flatMap(({ path: file, code }) =>
    Object.keys(NEVER)
      .filter((name) => code.includes(`VpcflowError('${name}'`) || code.includes(`VpcflowError("${name}"`))
      .map((name) => `${file}: ${name}`),
  );
  expect(thrown.filter((line) => !ON_START.has(line))).toEqual([]);
});

/** Of the options, when the route is made. */
const ON_START = new Set(['consumers/query/routes/predecessor.ts: VF_USAGE']);

describe('is told in a problem document', () => {
  test.each(Object.entries(PROVOKED))('%s', async (name, provoke) => {
    const answer = await provoke();
    // One of the catalogue's own.
    const { status, retry } = ERRORS[name as ErrorCode];
    expect(answer.status).toBe(status);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['x-request-id']).toMatch(/^[\w-]{36}$/);
    if (status === 429 || status === 503) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body).not.toContain('a mistake of ours');
    if (name === 'VF_BODY_TOO_LARGE') return expect(answer.body).toContain(name); // only POST /jobs takes a body, and its clients know text
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.body)).toEqual({
      ...{ type: `urn:vpcflow:error:${name}`, code: name, status, retry },
      ...{
        title: expect.stringMatching(/^[a-z ]+$/),
        detail: expect.stringMatching(/./),
        help: expect.stringMatching(/./),
      },
      instance: `urn:vpcflow:request:${answer.headers['x-request-id']}`,
    });
  });
});

// Compressed answers: what is asked for, what it holds, and that a body which fails never looks whole.
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { contentEncoding, encoded } from '../../../../consumers/query/server/content-encoding.ts';
import { sendProblem } from '../../../../consumers/query/server/problem.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { putGoldenStore, putWatermark } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';
import { ask, type RawAnswer } from './raw-request.ts';

const { start, path } = serving();

const get = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawAnswer> =>
  ask(url, { method, headers });

test.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['br', 'br'],
  ['br;q=0.5, gzip', 'gzip'],
  ['gzip;q=0, br;q=0', 'identity'],
  ['deflate, zstd', 'identity'],
  ['identity, gzip;q=0.5', 'identity'],
  ['\0', 'identity'],
])('Accept-Encoding %j is answered as %s', (given, encoding) => {
  const headers = given === undefined ? {} : { 'accept-encoding': given };
  expect(contentEncoding(headers, false)).toBe(encoding);
  expect(contentEncoding(headers, true)).toBe('identity');
});

describe('answers over a socket', () => {
  test('hold the same, compressed or not, each with a tag of its own', async () => {
    const { url } = await start();
    const address = `${url}/v1/rows?${HOUR}`;
    const [plain, gzip, br] = await Promise.all([
      get(address),
      get(address, { 'accept-encoding': 'gzip' }),
      get(address, { 'accept-encoding': 'br' }),
    ]);
    expect([plain, gzip, br].map(({ headers }) => headers['content-encoding'])).toEqual([undefined, 'gzip', 'br']);
    expect(gunzipSync(gzip.bytes)).toEqual(plain.bytes);
    expect(brotliDecompressSync(br.bytes)).toEqual(plain.bytes);
    expect(new Set([plain, gzip, br].map(({ headers }) => headers.etag)).size).toBe(3);
    for (const { headers } of [plain, gzip, br]) expect(headers.vary).toBe('accept, accept-encoding');
    const again = await get(address, { 'accept-encoding': 'br', 'if-none-match': String(br.headers.etag) });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const other = await get(address, { 'accept-encoding': 'gzip', 'if-none-match': String(br.headers.etag) });
    expect(other.status).toBe(200);
  });

  test('of Parquet, Arrow and PNG stay as they are', async () => {
    const { url } = await start();
    for (const asked of [`rows?${HOUR}&format=parquet`, `rows?${HOUR}&format=arrow`, `graph?${HOUR}&format=png`]) {
      const { status, headers } = await get(`${url}/v1/${asked}`, { 'accept-encoding': 'gzip, br' });
      expect([status, headers['content-encoding']]).toEqual([200, undefined]);
    }
  });

  test('HEAD has the headers of GET, and claims no length', async () => {
    const { url } = await start();
    for (const encoding of ['gzip', 'identity']) {
      const address = `${url}/v1/rows?${HOUR}`;
      const headers = { 'accept-encoding': encoding };
      const [head, full] = await Promise.all([get(address, headers, 'HEAD'), get(address, headers)]);
      expect(head.body.length).toBe(0);
      const said = ({ headers }: RawAnswer) =>
        ['content-type', 'content-encoding', 'content-length', 'etag', 'vary', 'cache-control'].map(
          (name) => headers[name],
        );
      expect(said(head)).toEqual(said(full));
    }
  });

  test('are kept for a minute when they are complete, and asked about again when they are not', async () => {
    const store = new DirectoryStore(path('kept'));
    await putGoldenStore(store);
    const { url } = await start({ store });
    const control = async () => (await get(`${url}/v1/rows?${HOUR}&group=srcaddr`)).headers['cache-control'];
    expect(await control()).toBe('private, no-cache');
    await putWatermark(store, '123456789012.eu-west-1.flows', 'shardId-000000000000', '2026-11-20T06:30:00Z');
    expect(await control()).toBe('private, max-age=60');
  });
});

describe('a body that fails', () => {
  const app = Fastify();
  afterEach(() => app.close());

  test('is no whole answer: a problem before its first byte is sent, broken off after it', async () => {
    async function* failing(pieces: number): AsyncGenerator<string> {
      for (let i = 0; i < pieces; i++) yield Array.from({ length: 5000 }, () => Math.random().toString(36)).join('');
      throw new VpcflowError('VF_QUERY', 'it failed half way');
    }
    app.setErrorHandler((error, _request, reply) =>
      sendProblem(reply, error instanceof VpcflowError ? error : new VpcflowError('VF_QUERY', 'unexpected')),
    );
    app.get('/:encoding/:pieces', (request, reply) => {
      const { encoding, pieces } = request.params as { encoding: 'br' | 'gzip'; pieces: string };
      return reply.header('content-encoding', encoding).send(encoded(failing(Number(pieces)), encoding));
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    for (const encoding of ['br', 'gzip']) {
      const early = await get(`${url}/${encoding}/0`);
      expect([early.status, early.headers['content-encoding']]).toEqual([500, undefined]);
      expect(JSON.parse(early.body)).toMatchObject({ code: 'VF_QUERY' });
      const late = await get(`${url}/${encoding}/60`);
      expect([late.status, late.whole]).toEqual([200, false]);
    }
  });
});

// The query server on a real socket: answers, headers, problems, refusals, and what happens when a client leaves.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type QueryServer, type QueryServerOptions, startQueryServer } from '../../../consumers/query/server.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { ERRORS } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { GOLDEN, NOW, putGoldenStore, putWatermark } from './golden-store.ts';

const STREAM = '123456789012.eu-west-1.flows';
const SHARD = 'shardId-000000000000';
const HOUR = 'start=2026-11-20T05:00:00Z&stop=2026-11-20T06:00:00Z';

let directory: string;
let store: ObjectStore;
const servers: QueryServer[] = [];

async function start(options: Partial<QueryServerOptions> = {}): Promise<QueryServer> {
  const server = await startQueryServer({ store, clock: new ManualClock(NOW), port: 0, ...options });
  servers.push(server);
  return server;
}

/** One request with whatever headers, also those that fetch does not let through. */
function raw(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, resolve);
    sent.on('error', reject);
    sent.end();
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-server-'));
  store = new DirectoryStore(directory);
  await putGoldenStore(store);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const golden = (name: string): string => readFileSync(join(GOLDEN, `${name}.out`), 'utf8');

describe('answers', () => {
  test.each([
    [`/v1/rows?${HOUR}`, 'all-columns-csv', 'text/csv; charset=utf-8; header=present'],
    [`/v1/rows?${HOUR}&group=interface_id,dstport&format=json`, 'group-json', 'application/json; charset=utf-8'],
    [`/v1/rows?${HOUR}&group=srcaddr&top=2`, 'top-csv', 'text/csv; charset=utf-8; header=present'],
    [
      `/v1/rows?${HOUR}&filter=port%20%3D%2022&format=ndjson&group=minute,srcaddr`,
      'filter-ndjson',
      'application/x-ndjson',
    ],
    [`/v1/rows?${HOUR}&format=log`, 'log', 'text/plain; charset=utf-8'],
    [`/v1/coverage?${HOUR}&format=ndjson`, 'coverage-ndjson', 'application/x-ndjson'],
    [`/v1/rows?start=now-1h30m&stop=now`, null, null],
  ])('GET %s', async (path, name, type) => {
    const { url } = await start();
    const response = await fetch(url + path);
    if (name === null) {
      expect(response.status).toBe(400);
      return;
    }
    expect(await response.text()).toBe(golden(name));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(response.headers.get('x-vpcflow-watermark')).toBe('2026-11-20T05:40:00.000Z');
    expect(response.headers.get('x-vpcflow-as-of')).toBe('2026-11-20T06:30:00.000Z');
  });

  test('relative times, and Accept in place of format', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/rows?start=now-90m&stop=now-30m&group=interface_id,dstport`, {
      headers: { accept: 'text/html;q=0.9, application/json, text/csv;q=0.1' },
    });
    expect(await response.text()).toBe(golden('group-json'));
  });

  test('binary formats have their content types', async () => {
    const { url } = await start();
    for (const [format, type] of [
      ['parquet', 'application/vnd.apache.parquet'],
      ['arrow', 'application/vnd.apache.arrow.stream'],
    ]) {
      const response = await fetch(`${url}/v1/rows?${HOUR}&format=${format}`);
      expect(response.headers.get('content-type')).toBe(type);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
  });

  test('a store that no stream fed is unknown and has no watermark', async () => {
    const { url } = await start({ store: new MemoryStore(), cacheDirectory: join(directory, 'cache') });
    const response = await fetch(`${url}/v1/rows?${HOUR}&group=srcaddr&format=json`);
    expect(response.headers.get('x-vpcflow-complete')).toBe('unknown');
    expect(response.headers.get('x-vpcflow-watermark')).toBe('none');
    expect(await response.json()).toMatchObject({ complete: null, watermark: 'none', rows: [] });
  });

  test('HEAD has the headers of GET and no body', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/rows?${HOUR}`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(await response.text()).toBe('');
  });

  test('an answer is 304 until the store changes, and another question has another tag', async () => {
    const changing = new DirectoryStore(join(directory, 'changing'));
    await putGoldenStore(changing);
    const { url } = await start({ store: changing });
    const path = `${url}/v1/rows?${HOUR}&group=srcaddr`;
    const first = await fetch(path);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{20,}"$/);
    await first.text();
    const again = await fetch(path, { headers: { 'if-none-match': `"x", W/${etag}` } });
    expect(again.status).toBe(304);
    expect(again.headers.get('x-vpcflow-complete')).toBe('false');
    expect(await again.text()).toBe('');
    for (const other of [
      `${path}&format=json`,
      `${path}&filter=port=22`,
      `${path}&filter=port=23`,
      `${path}&top=1`,
      path.replace('srcaddr', 'dstaddr'),
    ]) {
      const response = await fetch(other, { headers: { 'if-none-match': etag } });
      expect(response.status, other).toBe(200);
      await response.text();
    }
    await putWatermark(changing, STREAM, SHARD, '2026-11-20T06:30:00Z');
    const changed = await fetch(path, { headers: { 'if-none-match': etag } });
    expect([changed.status, changed.headers.get('x-vpcflow-complete')]).toEqual([200, 'true']);
    await changed.text();
  });
});

describe('problems', () => {
  test.each([
    ['/v1/rows', 400, 'VF_BAD_PARAMETER', 'start'],
    ['/v1/rows?start=now-1h', 400, 'VF_BAD_PARAMETER', 'stop'],
    ['/v1/rows?start=then&stop=now', 400, 'VF_BAD_TIME', 'then'],
    ['/v1/rows?start=now&stop=now-1h', 400, 'VF_BAD_WINDOW', 'nothing lies between'],
    ['/v1/rows?start=now-500d&stop=now', 422, 'VF_LIMIT', '500 days'],
    [`/v1/rows?${HOUR}&group=bytes`, 400, 'VF_BAD_PARAMETER', 'bytes'],
    [`/v1/rows?${HOUR}&format=xml`, 400, 'VF_BAD_PARAMETER', 'format'],
    [`/v1/rows?${HOUR}&top=0`, 400, 'VF_BAD_PARAMETER', 'top'],
    [`/v1/rows?${HOUR}&colour=red`, 400, 'VF_BAD_PARAMETER', 'colour'],
    [`/v1/rows?${HOUR}&group=srcaddr&group=dstaddr`, 400, 'VF_BAD_PARAMETER', 'group'],
    [`/v1/rows?${HOUR}&filter=port`, 400, 'VF_BAD_FILTER', 'column 5'],
    ['/v1/nothing', 404, 'VF_NOT_FOUND', '/v1/nothing'],
  ])('GET %s is %i %s', async (path, status, code, detail) => {
    const { url } = await start();
    const response = await fetch(url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const type = `urn:vpcflow:error:${code}`;
    expect(await response.json()).toMatchObject({ type, status, code, detail: expect.stringContaining(detail) });
    expect(Object.keys(ERRORS)).toContain(code);
  });

  test('a broken object is a problem before the first byte of the answer', async () => {
    const broken = new DirectoryStore(join(directory, 'broken'));
    await broken.put('digests/date=2026-11-20/hour=05/a.parquet', Buffer.from('this is not Parquet, is it'));
    const { url } = await start({ store: broken });
    const response = await fetch(`${url}/v1/rows?${HOUR}`);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 'VF_STORE_CORRUPT' });
  });
});

describe('safety', () => {
  test.each([
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost.evil.example:80' }, 403],
    [{ host: '10.0.0.1' }, 403],
    [{ host: '127.0.0.1.evil.example' }, 403],
    [{ host: 'localhost' }, 200],
    [{ host: '[::1]:9090' }, 200],
    [{ host: '127.0.0.1:1', origin: 'http://127.0.0.1:1' }, 200],
    [{ host: '127.0.0.1:1', origin: 'http://127.0.0.1:2' }, 403],
    [{ host: 'localhost:1', origin: 'https://localhost:1' }, 403],
    [{ host: 'localhost', origin: 'null' }, 403],
  ])('%j is %i, also for routes that do not exist', async (headers, status) => {
    const { url } = await start();
    const answer = await raw(`${url}/healthz`, headers);
    expect(answer.statusCode).toBe(status);
    answer.resume();
    const nowhere = await raw(`${url}/nowhere`, headers);
    expect(nowhere.statusCode).toBe(status === 200 ? 404 : 403);
    nowhere.resume();
  });

  test('every answer has the security headers', async () => {
    const { url } = await start();
    for (const path of ['/healthz', '/nowhere', `/v1/rows?${HOUR}`]) {
      const response = await fetch(url + path);
      await response.text();
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('x-frame-options')).toBe('DENY');
    }
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', 'example.com', '128.0.0.1'])('does not bind to %s', async (host) => {
    await expect(start({ host })).rejects.toMatchObject({ code: 'VF_BIND_REFUSED' });
  });

  test('a taken port is VF_PORT_IN_USE', async () => {
    const { url } = await start();
    await expect(start({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'VF_PORT_IN_USE' });
  });
});

/** A store whose list of digests does not end until `release` is called; `listing` resolves when it was asked. */
function stuckStore(): { readonly store: ObjectStore; readonly listing: Promise<void>; readonly release: () => void } {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const hooks = {
    beforeEach: async (operation: string, key: string) => {
      if (operation !== 'list' || !key.startsWith('digests/')) return;
      asked.resolve();
      await gate.promise;
    },
  };
  return { store: new MemoryStore(new Map(), hooks), listing: asked.promise, release: gate.resolve };
}

const metric = async (url: string, line: string): Promise<string | undefined> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').find((found) => found.startsWith(line));
};

describe('load and interruptions', () => {
  test('past the limit of requests the answer is 503 with Retry-After, and health is still answered', async () => {
    const { store: stuck, listing, release } = stuckStore();
    const { url } = await start({ store: stuck, maxRequests: 1, cacheDirectory: join(directory, 'cache') });
    const first = fetch(`${url}/v1/rows?${HOUR}`);
    await listing;
    const second = await fetch(`${url}/v1/rows?${HOUR}`);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await second.json()).toMatchObject({ code: 'VF_BUSY', retry: true });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await metric(url, 'vpcflow_http_refused_total')).toBe('vpcflow_http_refused_total{reason="busy"} 1');
    release();
    expect((await first).status).toBe(200);
    await (await first).text();
    const third = await fetch(`${url}/v1/rows?${HOUR}`);
    expect(third.status).toBe(200);
    await third.text();
  });

  test('closing waits for what is being answered, then ends it', async () => {
    const { store: stuck, listing, release } = stuckStore();
    const clock = new ManualClock(NOW);
    const { url, close } = await start({ store: stuck, clock, cacheDirectory: join(directory, 'cache') });
    const waiting = fetch(`${url}/v1/rows?${HOUR}`);
    const outcome = expect(waiting).rejects.toThrow();
    await listing;
    const closed = close();
    await clock.advance(60_000);
    await outcome;
    release();
    await closed;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  test('an answer that takes too long is VF_TIMEOUT', async () => {
    const { store: stuck, listing, release } = stuckStore();
    const clock = new ManualClock(NOW);
    const { url } = await start({ store: stuck, clock, queryTimeout: 1000, cacheDirectory: join(directory, 'cache') });
    const waiting = fetch(`${url}/v1/rows?${HOUR}`);
    await listing;
    await clock.advance(1000);
    release();
    const response = await waiting;
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: 'VF_TIMEOUT' });
  });

  test('a client that leaves ends its query, and the next one is served', async () => {
    const { store: stuck, listing, release } = stuckStore();
    const { url } = await start({ store: stuck, maxRequests: 1, cacheDirectory: join(directory, 'cache') });
    const leaving = request(`${url}/v1/rows?${HOUR}`, { agent: false }).on('error', () => {});
    leaving.end();
    await listing;
    leaving.destroy();
    const wanted = 'vpcflow_queries_cancelled_total{reason="client"} 1';
    while ((await metric(url, 'vpcflow_queries_cancelled_total')) !== wanted);
    release();
    const next = await fetch(`${url}/v1/rows?${HOUR}`);
    expect(next.status).toBe(200);
    await next.text();
  });
});

describe('operation', () => {
  test('health, readiness and metrics', async () => {
    const { url } = await start();
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ok' });
    await (await fetch(`${url}/v1/rows?${HOUR}`)).text();
    expect(await metric(url, 'vpcflow_http_requests_total{route="/v1/rows"')).toBe(
      'vpcflow_http_requests_total{route="/v1/rows",method="GET",status="200"} 1',
    );
  });

  test('a store that cannot be reached is not ready', async () => {
    const unreachable = new MemoryStore(new Map(), {
      beforeEach: () => {
        throw new Error('unplugged');
      },
    });
    const { url } = await start({ store: unreachable, cacheDirectory: join(directory, 'cache') });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('unplugged');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('/openapi.json describes every route and its parameters', async () => {
    const { url } = await start();
    // The parts of the description that are looked at.
    const description = (await (await fetch(`${url}/openapi.json`)).json()) as {
      readonly paths: Record<string, { readonly get: { readonly parameters: readonly { readonly name: string }[] } }>;
    };
    expect(Object.keys(description.paths)).toEqual(expect.arrayContaining(['/v1/rows', '/v1/coverage', '/healthz']));
    const names = description.paths['/v1/rows'].get.parameters.map((p) => p.name);
    expect(names).toEqual(['start', 'stop', 'lateness', 'group', 'filter', 'top', 'format']);
  });

  test('each request is one line of the log', async () => {
    const lines: string[] = [];
    const { url, close } = await start({ log: { write: (line) => void lines.push(line) } });
    await (await fetch(`${url}/v1/rows?${HOUR}&group=action`)).text();
    await close();
    const requests = lines.map((line) => JSON.parse(line)).filter((line) => line.msg === 'request');
    expect(requests).toEqual([expect.objectContaining({ method: 'GET', status: '200', whole: true })]);
    expect(requests[0].url).toContain('/v1/rows?');
  });
});

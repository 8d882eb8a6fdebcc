// What a server refuses, however it is asked: too often, too much, too long, too slowly, or nothing that is HTTP.
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { addressClient } from '../../../../consumers/query/server/rate-limit.ts';
import { openDuckDb } from '../../../../consumers/shared/query/engine/duckdb.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { until } from '../../../until.ts';
import { NOW } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';
import { ask, type RawAnswer, sendBytes } from './raw-request.ts';

const { start, path } = serving();

/** A problem document with everything that every answer has. */
function expectProblem(answer: RawAnswer, status: number, code: string): void {
  const body = JSON.parse(answer.body);
  expect([answer.status, body.status, body.code]).toEqual([status, status, code]);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
  expect(body.instance).toBe(`urn:vpcflow:request:${answer.headers['x-request-id']}`);
}

describe('the rate of one client', () => {
  test('is held; health and metrics are no questions', async () => {
    const clock = new ManualClock(NOW);
    const { url } = await start({ clock, rateLimit: 3 });
    for (const route of [`/v1/rows?${HOUR}`, '/v1/nothing', `/v1/rows?${HOUR}`]) {
      expect((await ask(url + route)).status).toBeLessThan(429);
    }
    const refused = await ask(`${url}/v1/rows?${HOUR}`);
    expectProblem(refused, 429, 'VF_RATE');
    expect(refused.headers['retry-after']).toBe('20');
    for (const route of ['/healthz', '/readyz', '/metrics']) expect((await ask(url + route)).status).toBe(200);
    expect((await ask(`${url}/metrics`)).body).toContain('vpcflow_http_refused_total{reason="rate"} 1');
    await clock.advance(20_000);
    expect((await ask(`${url}/v1/rows?${HOUR}`)).status).toBe(200);
    expect((await ask(`${url}/v1/rows?${HOUR}`)).status).toBe(429);
  });

  test('is that of a user where one is known, and of the address of whoever is not', async () => {
    const { url } = await start({ rateLimit: 1, trustedProxies: ['127.0.0.1/32'], userHeader: 'x-user' });
    const as = async (user: string) => (await ask(`${url}/v1/nothing`, { headers: { 'x-user': user } })).status;
    expect([await as('alice'), await as('alice'), await as('bob')]).toEqual([404, 429, 404]);
    expect([await as(''), await as(''), await as('carol')]).toEqual([401, 429, 404]);
  });

  test('of IPv6 is that of a /64', () => {
    const addresses = ['2001:db8:0:1::1', '2001:db8:0:1:2:3:4:5', '2001:db8::1', '::1', '::ffff:10.0.0.1', '10.0.0.1'];
    const zero = '0:0:0:0';
    expect(addresses.map(addressClient)).toEqual([
      ...['2001:db8:0:1', '2001:db8:0:1', '2001:db8:0:0', zero, '10.0.0.1', '10.0.0.1'],
    ]);
  });
});

describe('the window', () => {
  test.each(['/v1/rows', '/v1/graph', '/v1/coverage', '/v1/series', '/v1/diff'])(
    'of %s is held to the longest',
    async (route) => {
      const { url } = await start({ maxWindow: 2 * 3_600_000 });
      const window = (hours: number) =>
        `${url}${route}?start=2026-11-20T04:00:00Z&stop=2026-11-20T0${4 + hours}:00:00Z`;
      expect((await ask(window(2))).status).toBe(200);
      const refused = await ask(window(3));
      expectProblem(refused, 422, 'VF_LIMIT');
      expect(JSON.parse(refused.body).detail).toBe('the window spans 3 hours, more than 2 hours');
    },
  );

  test('may be longer than usual where that is said', async () => {
    const { url } = await start({ maxWindow: 90 * 86_400_000 });
    expect((await ask(`${url}/v1/rows?start=now-89d&stop=now&group=action`)).status).toBe(200);
    const { url: usual } = await start();
    expect((await ask(`${usual}/v1/rows?start=now-32d&stop=now`)).status).toBe(422);
  });
});

describe('malformed requests', () => {
  test.each([
    ['a NUL byte in a parameter', `/v1/rows?${HOUR}&filter=a%00b`],
    ['a NUL byte in the path', '/v1/ro%00ws'],
    ['an escape that is none', `/v1/rows?${HOUR}&filter=%zz`],
    ['an escape that ends early', `/v1/rows?${HOUR}&filter=%4`],
    ['bytes that are no UTF-8', `/v1/rows?${HOUR}&filter=%ff%fe`],
    ['such a path', '/v1/%ff'],
  ])('%s', async (_, target) => {
    const { url } = await start();
    expectProblem(await ask(url + target), 400, 'VF_BAD_PARAMETER');
  });

  test('a query string of 1 MB, and headers as long, are answered before the connection is closed', async () => {
    const { url } = await start();
    const long = 'x'.repeat(1024 * 1024);
    const request = (line: string, header: string) =>
      `GET /v1/rows?${line} HTTP/1.1\r\nHost: localhost\r\nX: ${header}\r\n\r\n`;
    expectProblem(await sendBytes(url, request(long, '')), 431, 'VF_TOO_LARGE');
    expectProblem(await sendBytes(url, request('', long)), 431, 'VF_TOO_LARGE');
    expect((await ask(`${url}/v1/rows?${HOUR}&filter=${'x'.repeat(14_000)}`)).status).toBe(400); // it was looked at
    expect((await ask(`${url}/metrics`)).body).toContain('vpcflow_http_refused_total{reason="malformed"} 2');
  });

  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', 'VF_METHOD', 405],
    ['TLS', Buffer.from('1603010200010001fc0303', 'hex'), 'VF_METHOD', 405],
    ['a method that is none', 'BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'VF_METHOD', 405],
    ['another version', 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n', 'VF_BAD_PARAMETER', 400],
    [
      'a control character in a header',
      'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\u0001b\r\n\r\n',
      'VF_BAD_PARAMETER',
      400,
    ],
    [
      'two lengths',
      'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'VF_BAD_PARAMETER',
      400,
    ],
    [
      'a length beside chunks',
      'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'VF_BAD_PARAMETER',
      400,
    ],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 'VF_BAD_PARAMETER', 400],
    [
      'two hosts',
      'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      'VF_BAD_PARAMETER',
      400,
    ],
    [
      'no path but everything',
      'GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'VF_BAD_PARAMETER',
      400,
    ],
    [
      'a host in the target that is not this one',
      'GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'VF_FORBIDDEN_HOST',
      403,
    ],
    [
      'a user in the target',
      'GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'VF_FORBIDDEN_HOST',
      403,
    ],
    [
      'a method that wants a type',
      'QUERY /v1/rows HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'VF_METHOD',
      405,
    ],
    [
      'such a method where nothing is',
      'QUERY /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'VF_NOT_FOUND',
      404,
    ],
    ['a question of HTTP/1.0 that names no host', 'GET / HTTP/1.0\r\n\r\n', 'VF_FORBIDDEN_HOST', 403],
  ])('%s', async (_, bytes, code, status) => {
    const { url } = await start();
    expectProblem(await sendBytes(url, bytes), status, code);
  });

  test.each([
    [
      'whose target names this host, whatever the header does',
      'GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: evil.example',
    ],
    ['of HTTP/1.0 for health', 'GET /healthz HTTP/1.0'],
    ['of HTTP/1.0 for readiness', 'GET /readyz HTTP/1.0'],
  ])('a request %s is answered', async (_, head) => {
    const { url } = await start();
    expect((await sendBytes(url, `${head}\r\nConnection: close\r\n\r\n`)).status).toBe(200);
  });

  test('a refusal of a request without a host says so', async () => {
    const { url } = await start();
    const { body } = await sendBytes(url, 'GET / HTTP/1.0\r\n\r\n');
    expect(JSON.parse(body).detail).toBe('this server does not answer requests that name no host');
  });

  test('an expectation that nobody knows is ignored', async () => {
    const { url } = await start();
    expect((await ask(`${url}/healthz`, { headers: { expect: 'the unexpected' } })).status).toBe(200);
  });
});

describe('methods', () => {
  test.each([
    ['/v1/rows', 'POST', 'GET, HEAD, OPTIONS'],
    ['/v1/rows', 'DELETE', 'GET, HEAD, OPTIONS'],
    ['/healthz', 'PUT', 'GET, HEAD, OPTIONS'],
    ['/jobs', 'GET', 'POST, OPTIONS'],
    ['/graph', 'PATCH', 'GET, HEAD, POST, OPTIONS'],
    ['/', 'POST', 'GET, HEAD, OPTIONS'],
  ])('%s does not take %s, and says what it takes', async (route, method, allow) => {
    const { url } = await start();
    const answer = await ask(url + route, { method });
    expectProblem(answer, 405, 'VF_METHOD');
    expect(answer.headers.allow).toBe(allow);
    const options = await ask(url + route, { method: 'OPTIONS' });
    expect([options.status, options.headers.allow, options.headers['access-control-allow-origin']]).toEqual([
      204,
      allow,
      undefined,
    ]);
  });

  test('HEAD is GET without a body; a method that is unknown to a path that is too, is 404', async () => {
    const { url } = await start();
    const [head, get] = await Promise.all(['HEAD', 'GET'].map((method) => ask(`${url}/v1/rows?${HOUR}`, { method })));
    expect([head.status, head.body]).toEqual([200, '']);
    for (const name of ['etag', 'content-type', 'x-vpcflow-complete'])
      expect(head.headers[name]).toBe(get.headers[name]);
    expectProblem(await ask(`${url}/nowhere`, { method: 'POST' }), 404, 'VF_NOT_FOUND');
    expect((await ask(`${url}/nowhere`, { method: 'OPTIONS' })).status).toBe(404);
  });
});

describe('bodies', () => {
  test('are small', async () => {
    const { url } = await start();
    const big = { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x'.repeat(70_000) };
    expect((await ask(`${url}/jobs`, big)).status).toBe(413);
  });
});

/** Rows of the golden hour that are some 20 MB of text: more than the buffers of two sockets take. */
async function largeObject(): Promise<Buffer> {
  const engine = await openDuckDb({ directories: [] });
  const rows = `SELECT TIMESTAMPTZ '2026-11-20 05:05:00Z' AS minute, repeat('x', 1000) || i AS interface_id,
    '123456789012' AS account_id, '10.0.0.1' AS srcaddr, '10.0.0.2' AS dstaddr, 1 AS srcport, 2 AS dstport, 6 AS protocol,
    'ACCEPT' AS action, 1::BIGINT AS flows, 1::BIGINT AS packets, 1::BIGINT AS bytes, 1763615100::BIGINT AS start, 1763615100::BIGINT AS "end" FROM range(20000) AS r(i)`;
  const pieces: Uint8Array[] = [];
  for await (const piece of engine.parquet(rows)) pieces.push(piece);
  await engine.close();
  return Buffer.concat(pieces);
}

describe('slow clients', () => {
  test('one that stops reading does not hold its answer for ever', async () => {
    const clock = new ManualClock(NOW);
    const store = new DirectoryStore(path('large'));
    await store.put('digests/date=2026-11-20/hour=05/large.parquet', await largeObject());
    const { url } = await start({ store, clock, queryTimeout: 5000 });
    const { port } = new URL(url);
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    try {
      socket.on('readable', () => {}); // takes a buffer full, and no more
      socket.write(`GET /v1/rows?${HOUR} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const held = async (count: number) =>
        (await ask(`${url}/metrics`)).body.includes(`vpcflow_http_requests_in_flight ${count}\n`);
      await until('the answer is under way', () => held(2));
      await until('its head has come', () => socket.bytesRead > 0);
      await clock.advance(5000);
      await until('it is given up', () => held(1));
      expect((await ask(`${url}/metrics`)).body).toContain('vpcflow_queries_cancelled_total{reason="timeout"} 1');
    } finally {
      socket.destroy();
    }
  });
});

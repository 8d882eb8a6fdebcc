// What those who run a server see of it: readiness that is true, an end that breaks nothing off, numbers and a log.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { until } from '../../../until.ts';
import { NOW } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';
import { ask } from './raw-request.ts';

const { start, path } = serving();

const readiness = async (url: string): Promise<[number, unknown]> => {
  const { status, body } = await ask(`${url}/readyz`);
  return [status, JSON.parse(body)];
};
const READY = [200, { status: 'ok' }];
const unready = (...why: string[]) => [503, { status: 'not ready', why }];

describe('readiness', () => {
  test('is lost with the store, at once when a question meets that, and comes back', async () => {
    const clock = new ManualClock(NOW);
    let plugged = true;
    let lists = 0;
    const store = new MemoryStore(new Map(), {
      beforeEach: (operation) => {
        if (operation === 'list') lists += 1;
        if (!plugged) throw new Error('unplugged');
      },
    });
    const { url } = await start({ store, clock });
    expect(await readiness(url)).toEqual(READY);
    expect(await readiness(url)).toEqual(READY);
    expect(lists).toBe(1); // one answer for all who ask, for a while
    plugged = false;
    expect((await ask(`${url}/v1/rows?${HOUR}`)).status).toBe(500); // a store of the tests fails without a code
    expect(await readiness(url)).toEqual(unready('store'));
    expect((await ask(`${url}/healthz`)).status).toBe(200);
    plugged = true;
    expect(await readiness(url)).toEqual(unready('store'));
    await clock.advance(15_000);
    expect(await readiness(url)).toEqual(READY);
  });

  test('of a store that says nothing is not waited for', async () => {
    const clock = new ManualClock(NOW);
    const gate = Promise.withResolvers<void>();
    const store = new MemoryStore(new Map(), { beforeEach: () => gate.promise });
    const { url } = await start({ store, clock });
    const answer = readiness(url);
    await clock.untilSleeping(2);
    await clock.advance(5000);
    expect(await answer).toEqual([503, { status: 'not ready', why: expect.arrayContaining(['store']) }]);
    gate.resolve();
  });

  test('is lost with the directory of the cache', async () => {
    await writeFile(path('a-file'), '');
    const { url } = await start({ store: new MemoryStore(), cacheDirectory: path('a-file') });
    expect(await readiness(url)).toEqual(unready('cache'));
  });
});

test('the networks that the server calls its own are those of a question that names none', async () => {
  const { url } = await start({ ownNetworks: ['2001:db8::/32'] });
  const nodes = async (more: string): Promise<string[]> => {
    const { body } = await ask(`${url}/v1/graph?${HOUR}&format=json&internet=one${more}`);
    return JSON.parse(body).nodes.map(({ id }: { readonly id: string }) => id);
  };
  const [theirs, named] = [await nodes(''), await nodes('&own-networks=10.0.0.0/8')];
  expect(theirs.filter((id) => id.startsWith('10.'))).toEqual([]);
  expect(named.filter((id) => id.startsWith('10.')).length).toBeGreaterThan(0);
});

describe('the end', () => {
  test('is announced for a while, in which requests are answered; what is under way is finished', async () => {
    const clock = new ManualClock(NOW);
    const { url, close } = await start({ clock });
    expect(await readiness(url)).toEqual(READY);
    const closed = close(10_000);
    expect(await readiness(url)).toEqual(unready('draining'));
    const answer = await ask(`${url}/v1/rows?${HOUR}`, { headers: { connection: 'keep-alive' } });
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    await clock.advance(10_000);
    await closed;
    await expect(ask(`${url}/healthz`)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('numbers', () => {
  test('by route, method and class of the status; of the engine; of what was refused', async () => {
    const { url } = await start();
    await ask(`${url}/v1/rows?${HOUR}`);
    await ask(`${url}/v1/rows?${HOUR}&top=0`);
    await ask(`${url}/v1/rows?${HOUR}`, { method: 'PURGE' });
    await ask(`${url}/healthz`, { headers: { host: 'evil.example' } });
    const lines = (await ask(`${url}/metrics`)).body.split('\n');
    const count = (name: string) =>
      lines
        .find((line) => line.startsWith(name))
        ?.split(' ')
        .at(-1);
    expect(count('vpcflow_http_requests_total{route="/v1/rows",method="GET",status="200"}')).toBe('1');
    expect(count('vpcflow_http_requests_total{route="/v1/rows",method="GET",status="400"}')).toBe('1');
    expect(count('vpcflow_http_requests_total{route="unknown",method="other",status="405"}')).toBe('1');
    expect(count('vpcflow_http_request_duration_seconds_count{route="/v1/rows",status="2xx"}')).toBe('1');
    expect(count('vpcflow_http_refused_total{reason="host"}')).toBe('1');
    expect(count('vpcflow_http_requests_in_flight')).toBe('1');
    expect(Number(count('vpcflow_query_objects_total{status="read"}'))).toBeGreaterThan(0);
    expect(Number(count('vpcflow_query_rows_scanned_total'))).toBeGreaterThan(0);
    expect(Number(count('vpcflow_query_bytes_read_total'))).toBeGreaterThan(0);
    expect(count('vpcflow_queries_queued{lane="small"}')).toBe('0');
    expect(lines.filter((line) => line.includes('vpcflow_watermark_seconds'))).toEqual([]); // of workers
  });

  test('go to a StatsD server too', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const got: string[] = [];
    socket.on('message', (packet) => got.push(...packet.toString().split('\n')));
    try {
      const clock = new ManualClock(NOW);
      const statsd = `127.0.0.1:${socket.address().port}`;
      const { url, close } = await start({ clock, statsd, statsdTags: ['env:test'] });
      await ask(`${url}/v1/rows?${HOUR}`);
      await close();
      const counted = 'vpcflow.http_requests:1|c|#route:/v1/rows,method:GET,status:200,env:test';
      await until('the packet', () => got.includes(counted));
      const names = got.map((line) => line.split(':')[0]);
      expect(names).toEqual(
        expect.arrayContaining(['vpcflow.http_request_duration_seconds', 'vpcflow.query_rows_scanned']),
      );
      const observed = got.find((line) => line.startsWith('vpcflow.http_request_duration_seconds:'));
      expect(observed).toMatch(/\|h\|#route:\/v1\/rows,status:2xx,env:test$/);
    } finally {
      socket.close();
    }
  });
});

describe('the log', () => {
  test('has a line for each request: its id, who asked what from where; no token and no secret', async () => {
    const said: Record<string, unknown>[] = [];
    const log = { write: (text: string) => void said.push(JSON.parse(text)) };
    const { url, close } = await start({ log, trustedProxies: ['127.0.0.0/8'], userHeader: 'x-user' });
    const headers = { 'x-user': 'dave', authorization: 'Bearer hunter2', cookie: 'session=hunter2' };
    const known = await ask(`${url}/v1/rows?${HOUR}&group=action`, {
      headers: { ...headers, 'x-request-id': 'trace-1:2/3' },
    });
    const unknown = await ask(`${url}/v1/rows?token=hunter2`, {
      headers: { ...headers, 'x-request-id': 'not {well} formed' },
    });
    const stranger = await ask(`${url}/nowhere`);
    await close();
    expect(known.headers['x-request-id']).toBe('trace-1:2/3');
    expect(unknown.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(unknown.body).instance).toBe(`urn:vpcflow:request:${unknown.headers['x-request-id']}`);
    const requests = said.filter(({ msg }) => msg === 'request');
    expect(
      requests.map(({ request, method, url: asked, status, user, client, whole }) => [
        request,
        method,
        asked,
        status,
        user,
        client,
        whole,
      ]),
    ).toEqual([
      ['trace-1:2/3', 'GET', `/v1/rows?${HOUR}&group=action`, '200', 'dave', '127.0.0.1', true],
      [unknown.headers['x-request-id'], 'GET', '/v1/rows?token=…', '400', 'dave', '127.0.0.1', true],
      [stranger.headers['x-request-id'], 'GET', '/nowhere', '401', undefined, '127.0.0.1', true],
    ]);
    expect(JSON.stringify(said)).not.toContain('hunter2');
  });
});

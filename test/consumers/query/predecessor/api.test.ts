// The predecessors' API on a real socket: codes, bodies, errors, mounts, and what lies in the store afterwards.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { incompleteKey, markerKey, resultKey, windowId } from '../../../../pipeline/predecessor/window-id.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { expectGolden } from '../../../golden-files.ts';
import { until } from '../../../until.ts';
import { NOW, putGoldenStore } from '../golden-store.ts';
import { serving } from '../serving.ts';
import { ask, digestOf, fetchResult, keysOf, windowQuery } from './client.ts';

const { start, path } = serving();

const WINDOW = { start: Date.parse('2026-11-20T05:00:00Z'), stop: Date.parse('2026-11-20T06:00:00Z') };
const HOUR = windowQuery('2026-11-20T05:00:00Z', '2026-11-20T06:00:00Z');
/** Complete: the golden watermark is 05:40, and 20 minutes is what late lines get. */
const QUARTER = windowQuery('2026-11-20T05:00:00Z', '2026-11-20T05:15:00Z');

let stores = 0;
async function goldenStore(): Promise<ObjectStore> {
  stores += 1;
  const store = new DirectoryStore(path(`store-${stores}`));
  await putGoldenStore(store);
  return store;
}

const metric = async (url: string, line: string): Promise<string | undefined> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').find((found) => found.startsWith(line));
};

describe.each([
  ['digest', 'application/octet-stream'],
  ['graph', 'application/octet-stream'],
] as const)('/%s', (kind, type) => {
  test('is fresh, in progress, there', async () => {
    const store = await goldenStore();
    const { url } = await start({ store });
    const [get, post] = [() => ask('GET', `${url}/${kind}?${HOUR}`), () => ask('POST', `${url}/${kind}?${HOUR}`)];
    const absent = await get();
    expect([absent.status, absent.body.length]).toEqual([404, 0]);
    const begun = await post();
    expect([begun.status, begun.body.length]).toEqual([202, 0]);
    const whole = await until('a 200', async () => {
      const answer = await get();
      expect([200, 204]).toContain(answer.status);
      return answer.status === 200 && answer;
    });
    expect(whole.headers['content-type']).toBe(type);
    expect(whole.headers['content-encoding']).toBeUndefined();
    expect(whole.headers['x-vpcflow-complete']).toBe('false');
    const again = await post();
    expect(again.status).toBe(409);
    expect(JSON.parse(again.body.toString())).toEqual({ message: `${kind} ${windowId(kind, WINDOW)} already exists` });
    const text = kind === 'digest' ? digestOf(whole) : whole.body.toString();
    expectGolden('predecessor', kind === 'digest' ? 'hour.log' : 'hour.dot', text);
    const id = windowId(kind, WINDOW);
    expect(await keysOf(store, 'windows/')).toEqual([resultKey(kind, id), incompleteKey(id)].sort());
    expect(await metric(url, 'vpcflow_window_jobs_total')).toBe(
      `vpcflow_window_jobs_total{route="${kind}",status="stored"} 1`,
    );
    expect(await metric(url, 'vpcflow_window_jobs ')).toBe('vpcflow_window_jobs 0');
  });

  test.each(['GET', 'POST'])('%s without two times in order is refused', async (method) => {
    const { url } = await start();
    for (const query of [
      '',
      'start=2026-11-20T05:00:00Z',
      'stop=2026-11-20T05:00:00Z',
      'start=&stop=2026-11-20T06:00:00Z',
      'start=yesterday&stop=2026-11-20T06:00:00Z',
      'start=now-1h&stop=now',
      'start=2026-11-20T06:00:00Z&stop=2026-11-20T05:00:00Z',
      'start=2026-11-20T05:00:00%00Z&stop=2026-11-20T06:00:00Z',
    ]) {
      const answer = await ask(method, `${url}/${kind}?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(Object.keys(JSON.parse(answer.body.toString()))).toEqual(['message']);
    }
    const long = await ask(method, `${url}/${kind}?start=2025-01-01T00:00:00Z&stop=2026-01-01T00:00:00Z`);
    expect(long.status).toBe(422);
    expect(JSON.parse(long.body.toString())).toEqual({ message: expect.stringContaining('--max-window') });
  });
});

describe('a window', () => {
  test('has the same bytes wherever it is made of the same rows', async () => {
    const [a, b] = [await start({ store: await goldenStore() }), await start({ store: await goldenStore() })];
    for (const kind of ['digest', 'graph']) {
      const [one, other] = [await fetchResult(`${a.url}/${kind}`, HOUR), await fetchResult(`${b.url}/${kind}`, HOUR)];
      expect(one.body.equals(other.body)).toBe(true);
      if (kind === 'digest') expect(one.body.subarray(0, 8).toString('hex')).toBe('1f8b080000000000'); // no time
    }
  });

  test('is the same with any offset, decimals, escapes, further parameters and bodies', async () => {
    const { url } = await start({ store: await goldenStore() });
    const whole = await fetchResult(`${url}/digest`, QUARTER);
    expect(whole.headers['x-vpcflow-complete']).toBe('true');
    const query = 'start=2026-11-20T07%3A00%3A00%2B02%3A00&stop=2026-11-20T05:15:59Z&region=any&start=later';
    expect((await ask('GET', `${url}/digest?${query}`)).body.equals(whole.body)).toBe(true);
    expect((await ask('POST', `${url}/digest?${query}`, 'whatever')).status).toBe(409);
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
    expect((await fetch(`${url}/digest?${query}`, json)).status).toBe(409);
  });

  test('of which nothing is known has an empty digest and an empty graph', async () => {
    const { url } = await start({ store: await goldenStore() });
    const query = windowQuery('2001-01-01T00:00:00Z', '2001-01-01T00:01:00Z');
    expect(digestOf(await fetchResult(`${url}/digest`, query))).toBe('');
    expect((await fetchResult(`${url}/graph`, query)).body.toString()).toBe('digraph {\n}\n');
  });
});

describe('a marker in the store', () => {
  const marker = (time: number) => Buffer.from(JSON.stringify({ time: new Date(time).toISOString() }));

  test('of another server is respected, until its time is over', async () => {
    const store = await goldenStore();
    const { url } = await start({ store, jobTimeout: 60_000 });
    const id = windowId('digest', WINDOW);
    await store.put(markerKey(id), marker(NOW - 59_999));
    expect((await ask('GET', `${url}/digest?${HOUR}`)).status).toBe(204);
    const refused = await ask('POST', `${url}/digest?${HOUR}`);
    expect([refused.status, JSON.parse(refused.body.toString())]).toEqual([
      409,
      { message: `digest ${id} is being created` },
    ]);
    expect((await ask('GET', `${url}/graph?${HOUR}`)).status).toBe(404);
    await store.put(markerKey(id), marker(NOW - 60_000));
    expect((await ask('GET', `${url}/digest?${HOUR}`)).status).toBe(404);
    expect((await fetchResult(`${url}/digest`, HOUR)).status).toBe(200);
    expect(await store.get(markerKey(id))).toBeNull();
  });
});

describe('POST /jobs', () => {
  const job = (kind: 'digest' | 'graph', rest = {}) =>
    JSON.stringify({
      id: windowId(kind, WINDOW),
      start: '2026-11-20T05:00:00Z',
      stop: '2026-11-20T06:00:00Z',
      ...rest,
    });

  test('answers when the job is done, and at once when it was', async () => {
    const store = await goldenStore();
    const { url } = await start({ store });
    for (const kind of ['digest', 'graph'] as const) {
      for (let time = 0; time < 2; time++) {
        const answer = await ask('POST', `${url}/jobs`, job(kind));
        expect([answer.status, answer.body.length]).toEqual([204, 0]);
        expect((await ask('GET', `${url}/${kind}?${HOUR}`)).status).toBe(200);
      }
      const line = `vpcflow_window_jobs_total{route="${kind}",status="stored"}`;
      expect(await metric(url, line)).toBe(`${line} 1`);
    }
  });

  test('refuses what is no job, in plain text', async () => {
    const { url } = await start();
    for (const [body, text] of [
      ['', 'the job is no JSON'],
      ['{', 'the job is no JSON'],
      [job('digest', { id: undefined }), 'the job has no id'],
      [job('digest', { stop: '2026-11-20T05:00:00Z' }), 'nothing lies between'],
      [job('digest', { start: 'soon' }), 'is no time'],
    ]) {
      const answer = await ask('POST', `${url}/jobs`, body);
      expect([answer.status, answer.headers['content-type']]).toEqual([400, 'text/plain; charset=utf-8']);
      expect(answer.body.toString()).toContain(text);
    }
  });

  test('of a window that another server is at is to be brought again', async () => {
    const store = await goldenStore();
    const { url } = await start({ store });
    await store.put(
      markerKey(windowId('digest', WINDOW)),
      Buffer.from(JSON.stringify({ time: '2026-11-20T06:30:00Z' })),
    );
    expect((await ask('POST', `${url}/jobs`, job('digest'))).status).toBe(409);
  });
});

describe('where a server knows who asks', () => {
  test('begins a job only for the role operate, and says so as their clients read it', async () => {
    const tokenFile = path('tokens');
    const line = (role: string) => `${role} ${role} ${createHash('sha256').update(role).digest('hex')}`;
    await writeFile(tokenFile, `${line('read')}\n${line('operate')}\n`, { mode: 0o600 });
    const { url } = await start({ store: await goldenStore(), tokenFile });
    const status = async (method: string, token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`${url}/digest?${QUARTER}`, { method, headers });
      if (response.status > 400 && response.status !== 404) {
        expect(Object.keys(JSON.parse(await response.text()))).toEqual(['message']);
      }
      return response.status;
    };
    expect([await status('POST'), await status('GET')]).toEqual([401, 401]);
    expect([await status('POST', 'read'), await status('GET', 'read')]).toEqual([403, 404]);
    expect(await status('POST', 'operate')).toBe(202);
    await until('a 200', async () => (await status('GET', 'read')) === 200);
    expect((await fetch(`${url}/jobs`, { method: 'POST', headers: { authorization: 'Bearer read' } })).status).toBe(
      403,
    );
  });

  test('a page of somewhere else begins none', async () => {
    const { url } = await start();
    const headers = { origin: 'https://example.com' };
    const answer = await fetch(`${url}/digest?${QUARTER}`, { method: 'POST', headers });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ message: expect.any(String) });
  });
});

describe('--digest-at and --graph-at', () => {
  test('/ is the API where a window is asked for, and the page where none is', async () => {
    const { url } = await start({ store: await goldenStore(), digestAt: '/', graphAt: '/graphs' });
    expect(digestOf(await fetchResult(`${url}/`, QUARTER))).toBe(digestOf(await fetchResult(`${url}/digest`, QUARTER)));
    expect((await fetchResult(`${url}/graphs`, QUARTER)).body.toString()).toMatch(/^digraph \{\n/);
    const page = await ask('GET', `${url}/`);
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await ask('GET', `${url}/?start=2026-11-20T05:00:00Z`)).status).toBe(400);
    expect((await ask('POST', `${url}/`)).status).toBe(400);
  });

  test('without it the root is the page, and nothing can be posted there', async () => {
    const { url } = await start();
    const page = await ask('GET', `${url}/?${QUARTER}`);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect((await ask('POST', `${url}/?${QUARTER}`)).status).toBe(405);
  });

  test.each([{ digestAt: '/v1/rows' }, { graphAt: '/page.css' }, { digestAt: '/', graphAt: '/' }, { digestAt: 'x' }])(
    'a server does not start with %j',
    async (options) => {
      await expect(start(options)).rejects.toMatchObject({ code: 'VF_USAGE' });
    },
  );
});

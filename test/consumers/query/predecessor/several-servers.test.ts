// Servers that share a store: one does a job, the others wait for it; what happens when that one is slow, fails or stops.
import { describe, expect, test } from 'vitest';
import type { QueryServer } from '../../../../consumers/query/server/server.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { markerKey, resultKey, windowId } from '../../../../pipeline/predecessor/window-id.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { type Backing, MemoryStore, type StoreOperation } from '../../../fakes/memory-store.ts';
import { until } from '../../../until.ts';
import { NOW, putGoldenStore } from '../golden-store.ts';
import { serving } from '../serving.ts';
import { ask, digestOf, fetchResult, windowQuery } from './client.ts';

const { start, path } = serving();

const TIMEOUT = 60_000;
const QUARTER = windowQuery('2026-11-20T05:00:00Z', '2026-11-20T05:15:00Z');
const WINDOW = { start: Date.parse('2026-11-20T05:00:00Z'), stop: Date.parse('2026-11-20T05:15:00Z') };
const ID = windowId('digest', WINDOW);

let caches = 0;
const cache = (): string => {
  caches += 1;
  return path(`cache-${caches}`);
};

async function goldenBacking(): Promise<Backing> {
  const store = new MemoryStore();
  await putGoldenStore(store);
  return store.backing;
}

/** A client whose reads of digests wait until `release`; `asked` resolves when the first does. */
function slowClient(backing: Backing) {
  const [gate, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const beforeEach = async (operation: StoreOperation, key: string) => {
    if (operation !== 'get' || !key.startsWith('digests/')) return;
    asked.resolve();
    await gate.promise;
  };
  return { store: new MemoryStore(backing, { beforeEach }), asked: asked.promise, release: gate.resolve };
}

const outcomes = async ({ url }: QueryServer): Promise<string[]> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('vpcflow_window_jobs_total{'));
};

describe('several servers on one store', () => {
  test.each([
    ['memory', (backing: Backing) => new MemoryStore(backing)],
    ['a directory', () => new DirectoryStore(path('shared'))],
  ])('do a job once, however many ask: %s', async (_name, clientOf) => {
    const backing: Backing = new Map();
    await putGoldenStore(clientOf(backing));
    const servers = [
      await start({ store: clientOf(backing), cacheDirectory: cache() }),
      await start({ store: clientOf(backing), cacheDirectory: cache() }),
    ];
    const posts = Array.from({ length: 20 }, (_, i) => ask('POST', `${servers[i % 2].url}/digest?${QUARTER}`));
    const codes = (await Promise.all(posts)).map(({ status }) => status);
    expect(codes.filter((code) => code === 202)).toHaveLength(1);
    expect(codes.filter((code) => code === 409)).toHaveLength(19);
    for (const { url } of servers) expect(digestOf(await fetchResult(`${url}/digest`, QUARTER))).toMatch(/^2 /);
    const done = (await Promise.all(servers.map(outcomes))).flat();
    expect(done).toEqual(['vpcflow_window_jobs_total{route="digest",status="stored"} 1']);
  });

  test('a job that takes long is not taken over', async () => {
    const backing = await goldenBacking();
    const slow = slowClient(backing);
    const clock = new ManualClock(NOW);
    const one = await start({ store: slow.store, clock, jobTimeout: TIMEOUT, cacheDirectory: cache() });
    const other = await start({ store: new MemoryStore(backing), clock, jobTimeout: TIMEOUT, cacheDirectory: cache() });
    expect((await ask('POST', `${one.url}/digest?${QUARTER}`)).status).toBe(202);
    await slow.asked;
    for (let time = 0; time < 6; time++) {
      await clock.advance(TIMEOUT / 2);
      expect((await ask('POST', `${other.url}/digest?${QUARTER}`)).status).toBe(409);
      expect((await ask('GET', `${other.url}/digest?${QUARTER}`)).status).toBe(204);
    }
    slow.release();
    expect(digestOf(await fetchResult(`${other.url}/digest`, QUARTER))).toMatch(/^2 /);
    expect(await outcomes(other)).toEqual([]);
  });

  test('a job of a server that stood still too long is done by another, and the first leaves the result alone', async () => {
    const backing = await goldenBacking();
    const slow = slowClient(backing);
    const [still, clock] = [new ManualClock(NOW), new ManualClock(NOW)];
    const lines: string[] = [];
    const log = { write: (line: string) => void lines.push(line) };
    const options = { jobTimeout: TIMEOUT };
    const one = await start({ ...options, store: slow.store, clock: still, log, cacheDirectory: cache() });
    const other = await start({ ...options, store: new MemoryStore(backing), clock, cacheDirectory: cache() });
    expect((await ask('POST', `${one.url}/digest?${QUARTER}`)).status).toBe(202);
    await slow.asked;
    await clock.advance(TIMEOUT);
    expect((await ask('GET', `${other.url}/digest?${QUARTER}`)).status).toBe(404);
    const result = await fetchResult(`${other.url}/digest`, QUARTER);
    slow.release();
    await until('the first server notices', async () => (await outcomes(one)).length > 0);
    expect(await outcomes(one)).toEqual(['vpcflow_window_jobs_total{route="digest",status="lost"} 1']);
    expect(lines.some((line) => line.includes('a job was taken over'))).toBe(true);
    expect((await ask('GET', `${one.url}/digest?${QUARTER}`)).body.equals(result.body)).toBe(true);
  });

  test('a job that fails is logged and counted, and can be begun again', async () => {
    const backing = await goldenBacking();
    const digests = [...backing.keys()].filter((key) => key.startsWith('digests/'));
    let broken = true;
    const beforeEach = (operation: StoreOperation, key: string) => {
      if (broken && operation === 'get' && key.startsWith('digests/')) throw new Error('the disk is gone');
    };
    expect(digests.length).toBeGreaterThan(0);
    const lines: string[] = [];
    const log = { write: (line: string) => void lines.push(line) };
    const server = await start({ store: new MemoryStore(backing, { beforeEach }), log, cacheDirectory: cache() });
    expect((await ask('POST', `${server.url}/digest?${QUARTER}`)).status).toBe(202);
    await until('the job has failed', async () => (await ask('GET', `${server.url}/digest?${QUARTER}`)).status === 404);
    expect(await outcomes(server)).toEqual(['vpcflow_window_jobs_total{route="digest",status="failed"} 1']);
    expect(lines.filter((line) => line.includes('a job failed') && line.includes(ID))).toHaveLength(1);
    const queued = JSON.stringify({ id: ID, start: '2026-11-20T05:00:00Z', stop: '2026-11-20T05:15:00Z' });
    expect((await ask('POST', `${server.url}/jobs`, queued)).status).toBe(500);
    broken = false;
    expect((await fetchResult(`${server.url}/digest`, QUARTER)).status).toBe(200);
  });

  test('a store that fails is a 5xx with a message', async () => {
    const beforeEach = (_operation: StoreOperation, key: string) => {
      if (key.startsWith('windows/')) throw new Error('the disk is gone');
    };
    const { url } = await start({ store: new MemoryStore(await goldenBacking(), { beforeEach }) });
    for (const method of ['GET', 'POST']) {
      const answer = await ask(method, `${url}/digest?${QUARTER}`);
      expect([answer.status, Object.keys(JSON.parse(answer.body.toString()))]).toEqual([500, ['message']]);
    }
  });

  test('a server that stops finishes the job that it has', async () => {
    const backing = await goldenBacking();
    const slow = slowClient(backing);
    const server = await start({ store: slow.store, cacheDirectory: cache() });
    expect((await ask('POST', `${server.url}/digest?${QUARTER}`)).status).toBe(202);
    await slow.asked;
    const closed = server.close();
    slow.release();
    await closed;
    expect(backing.has(resultKey('digest', ID))).toBe(true);
    expect(backing.has(markerKey(ID))).toBe(false);
  });

  test('a server that has to stop gives its jobs back', async () => {
    const backing = await goldenBacking();
    const slow = slowClient(backing);
    const clock = new ManualClock(NOW);
    const server = await start({ store: slow.store, clock, cacheDirectory: cache() });
    const minutes = Array.from({ length: 4 }, (_, i) => `0${i}`);
    for (const minute of minutes) {
      const query = windowQuery(`2026-11-20T05:${minute}:00Z`, '2026-11-20T05:30:00Z');
      expect((await ask('POST', `${server.url}/digest?${query}`)).status).toBe(202);
    }
    await slow.asked;
    const closed = server.close();
    await until('those that wait are given back', () => [...backing.keys()].filter(isMarker).length === 2);
    await clock.advance(60_000);
    slow.release();
    await closed;
    expect([...backing.keys()].filter((key) => key.startsWith('windows/'))).toEqual([]);
  });
});

const isMarker = (key: string): boolean => key.endsWith('_in_progress');

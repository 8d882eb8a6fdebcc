// The query server under load, when clients leave and when it stops.
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { NOW } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';

const { start } = serving();

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
    const { url } = await start({ store: stuck, maxRequests: 1 });
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
    const { url, close } = await start({ store: stuck, clock });
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
    const { url } = await start({ store: stuck, clock, queryTimeout: 1000 });
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
    const { url } = await start({ store: stuck, maxRequests: 1 });
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

test('200 clients at once, with questions of every kind, are all answered', async () => {
  const { url } = await start();
  const paths = [
    '/v1/rows?W',
    '/v1/graph?W&format=json',
    '/v1/series?W',
    '/v1/coverage?W',
    '/v1/rows?W&group=action',
    '/',
  ];
  const client = async (n: number): Promise<number> => {
    const answer = await fetch(`${url}${paths[n % paths.length].replace('W', HOUR)}`);
    await answer.text();
    return answer.status;
  };
  const statuses = await Promise.all(Array.from({ length: 200 }, (_, n) => client(n)));
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  // Nothing runs, waits or is held any more.
  for (const series of ['vpcflow_queries_running{lane="small"}', 'vpcflow_queries_queued{lane="small"}']) {
    expect(await metric(url, series)).toBe(`${series} 0`);
  }
}, 120_000);

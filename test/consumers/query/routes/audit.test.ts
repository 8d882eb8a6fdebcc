// /v1/audit on a real socket: what the command says, one at a time, and ended when nobody waits for it any more.
import { unlink } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { auditStore } from '../../../../consumers/shared/audit/audit-store.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { auditJson, auditTable } from '../../../../pipeline/audit/report.ts';
import { parseExactJson } from '../../../../pipeline/canonical-json.ts';
import { BEGIN, digest, written } from '../../../audited-store.ts';
import { collect } from '../../../contracts/store-place.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { type Backing, MemoryStore } from '../../../fakes/memory-store.ts';
import { until } from '../../../until.ts';
import { serving } from '../serving.ts';

const { start, path } = serving();

let stores = 0;
let store: DirectoryStore;
let directory: string;
beforeEach(async () => {
  directory = path(`audited-${stores++}`);
  store = new DirectoryStore(directory);
  await digest(store, written(4));
});

const clock = (): ManualClock => new ManualClock(BEGIN + 3 * 60_000);

describe('the answer', () => {
  test('is the JSON of the command, with headers and an entity tag', async () => {
    const { url } = await start({ store, clock: clock() });
    const response = await fetch(`${url}/v1/audit`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(response.headers.get('x-vpcflow-watermark')).toMatch(/^2026-11-20T06:0/);
    expect(response.headers.get('x-vpcflow-as-of')).toBe('2026-11-20T06:01:00.000Z');
    const body = await response.text();
    expect(body).toBe(auditJson(await auditStore(store, { window: null })));
    expect(parseExactJson(body)).toMatchObject({ ok: true, records: 8, packets: 5n * 9007199254740991n + 15n });
    const etag = response.headers.get('etag') ?? '';
    const again = await fetch(`${url}/v1/audit`, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const head = await fetch(`${url}/v1/audit`, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
  });

  test.each(['?format=table', ''])('is a table for a person where that is asked for (%s)', async (query) => {
    const { url } = await start({ store, clock: clock() });
    const response = await fetch(`${url}/v1/audit${query}`, { headers: query === '' ? { accept: 'text/plain' } : {} });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe(auditTable(await auditStore(store, { window: null })));
  });

  test('is 200 and the gap when the store does not bear the counts out', async () => {
    const [first] = await collect(store.list('digests/'));
    await unlink(join(directory, first!.key));
    const { url } = await start({ store, clock: clock() });
    const response = await fetch(`${url}/v1/audit`);
    expect(response.status).toBe(200);
    const gaps = [expect.objectContaining({ what: 'missing object', expected: first!.key })];
    expect(parseExactJson(await response.text())).toMatchObject({ ok: false, gaps });
  });

  test('is about the arrival hours of a window that ends now where no end is given', async () => {
    const { url } = await start({ store, clock: clock() });
    const six = await fetch(`${url}/v1/audit?start=2026-11-20T06:00:00Z`);
    expect(parseExactJson(await six.text())).toMatchObject({ ok: true, records: 4 });
    const five = await fetch(`${url}/v1/audit?start=2026-11-20T05:30:00Z&stop=2026-11-20T05:31:00Z`);
    expect(parseExactJson(await five.text())).toMatchObject({ ok: true, records: 4 });
  });

  test.each([
    ['stop=now', 'VF_BAD_TIME'],
    ['start=then', 'VF_BAD_TIME'],
    ['start=now%2B1h', 'VF_BAD_WINDOW'],
    ['format=csv', 'VF_BAD_PARAMETER'],
    ['lateness=1m', 'VF_BAD_PARAMETER'],
  ])('is a problem for %s', async (query, code) => {
    const { url } = await start({ store, clock: clock() });
    const response = await fetch(`${url}/v1/audit?${query}`);
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code })]);
  });

  test('is described in /openapi.json', async () => {
    const { url } = await start({ store });
    // The part of the description that is looked at.
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
      readonly paths: Record<string, { readonly get: { readonly parameters: readonly { readonly name: string }[] } }>;
    };
    expect(paths['/v1/audit']?.get.parameters.map(({ name }) => name)).toEqual(['start', 'stop', 'format']);
  });
});

/** A store in memory whose first list of commits does not end until `release` is called, and what was asked of it. */
const stuckStore = async () => {
  const backing: Backing = new Map();
  await digest(new MemoryStore(backing), written(4));
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const steps: string[] = [];
  const hooks = {
    beforeEach: async (operation: string, key: string) => {
      steps.push(`${operation} ${key}`);
      if (operation !== 'list' || !key.startsWith('commits/')) return;
      asked.resolve();
      await gate.promise;
    },
  };
  return { store: new MemoryStore(backing, hooks), listing: asked.promise, release: gate.resolve, steps };
};

describe('load and interruptions', () => {
  test('there is one audit at a time: another is 503 with Retry-After until the first has ended', async () => {
    const stuck = await stuckStore();
    const { url } = await start({ store: stuck.store, clock: clock() });
    const first = fetch(`${url}/v1/audit`);
    await stuck.listing;
    const second = await fetch(`${url}/v1/audit`);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await second.json()).toMatchObject({ code: 'VF_BUSY', detail: 'another audit is under way' });
    stuck.release();
    expect(parseExactJson(await (await first).text())).toMatchObject({ ok: true });
    expect((await fetch(`${url}/v1/audit`)).status).toBe(200);
  });

  test('a client that leaves ends its audit, and the next one is served', async () => {
    const stuck = await stuckStore();
    const { url } = await start({ store: stuck.store, clock: clock() });
    const leaving = request(`${url}/v1/audit`, { agent: false }).on('error', () => {});
    leaving.end();
    await stuck.listing;
    leaving.destroy();
    const cancelled = 'vpcflow_queries_cancelled_total{reason="client"} 1';
    await until('the server has noticed', async () =>
      (await (await fetch(`${url}/metrics`)).text()).includes(cancelled),
    );
    const before = stuck.steps.length;
    stuck.release();
    const next = await until('the audit has ended', async () => {
      const response = await fetch(`${url}/v1/audit`);
      return response.status === 200 && response.text();
    });
    expect(parseExactJson(next)).toMatchObject({ ok: true, records: 8 });
    // Of the one that was left, no commit was read any more; what comes after is the next one's.
    const later = stuck.steps.slice(before).filter((step) => step.startsWith('get commits/'));
    const whole = await stuckStore();
    whole.release();
    await auditStore(whole.store, { window: null });
    expect(later).toEqual(whole.steps.filter((step) => step.startsWith('get commits/')));
  });

  test('an audit that takes too long is VF_TIMEOUT', async () => {
    const stuck = await stuckStore();
    const time = clock();
    const { url } = await start({ store: stuck.store, clock: time, queryTimeout: 1000 });
    const waiting = fetch(`${url}/v1/audit`);
    await stuck.listing;
    await time.advance(1000);
    stuck.release();
    const response = await waiting;
    expect([response.status, await response.json()]).toEqual([504, expect.objectContaining({ code: 'VF_TIMEOUT' })]);
  });
});

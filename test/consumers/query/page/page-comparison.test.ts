// What the page says of two windows: what was compared, what is missing in either, and what differs.
import { expect, test } from 'vitest';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { serialize } from '../../../../pipeline/documents.ts';
import { shardsKey } from '../../../../pipeline/keys.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { collect } from '../../../contracts/store-place.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import type { Row } from '../../../fakes/parquet-rows.ts';
import { AFTER, flowRow, NETWORK, WINDOW } from '../flow-rows.ts';
import { putWatermark } from '../golden-store.ts';
import { serving } from '../serving.ts';
import { putRows } from '../store-of-rows.ts';

const { start, path } = serving();

const ASKED = `start=${WINDOW.start}&stop=${WINDOW.stop}`;
const at = (minute: string, rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, minute }));
const YESTERDAY = '2026-11-19T05:05:00Z';
const BEFORE = '2026-11-20T04:50:00Z';

async function storeOf(name: string, rows: Readonly<Record<string, readonly Row[]>>): Promise<ObjectStore> {
  const store = new DirectoryStore(path(name));
  for (const [source, some] of Object.entries(rows)) await putRows(store, 'digests', source, some);
  return store;
}

interface Shown {
  readonly response: Response;
  /** The section of the comparison. */
  readonly difference: string;
}

async function shown(store: ObjectStore, query: string): Promise<Shown> {
  const { url } = await start({ store, clock: new ManualClock(AFTER) });
  const response = await fetch(`${url}/?${ASKED}&${query}`);
  const [, difference = ''] = (await response.text()).split('<section class="picture difference">');
  return { response, difference: difference.split('</section>')[0] };
}

const rowsOf = (difference: string): string[] =>
  [...difference.matchAll(/<tr class[\s\S]*?<\/tr>/g)].map(([row]) =>
    row
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );

test('an object that is damaged only in the other window is left out of the comparison, and named', async () => {
  const store = await storeOf('damaged', {
    ...{ here: NETWORK, good: at(YESTERDAY, NETWORK.slice(0, 2)), bad: at(YESTERDAY, NETWORK.slice(2)) },
  });
  const keys = (await collect(store.list('digests/'))).map(({ key }) => key);
  const key = keys.find((one) => one.includes('bad')) ?? '';
  const stored = await store.get(key);
  await store.put(key, Buffer.from(stored?.body ?? '').fill(0xa5, 4, 44));
  for (const _ of ['found', 'known']) {
    const { response, difference } = await shown(store, 'against=day');
    expect([response.status, response.headers.get('x-vpcflow-complete')]).toEqual([200, 'false']);
    expect(response.headers.get('x-vpcflow-warnings')).toContain(`${key} is left out: `);
    expect(difference).toContain(`${key} is left out: `);
    expect(rowsOf(difference).length).toBeGreaterThan(3);
  }
});

test('of windows in which nothing differs there is no picture, nor of one before which nothing was logged', async () => {
  const store = await storeOf('same', { here: NETWORK, yesterday: at(YESTERDAY, NETWORK) });
  const same = await shown(store, 'against=day');
  expect(same.difference).toContain('Nothing differs.');
  expect(same.difference).not.toMatch(/<svg|<table/);
  const nothing = await shown(store, 'against=week');
  expect(nothing.difference).toContain('Nothing was logged from 2026-11-13 05:00 to 05:15 UTC');
  expect(nothing.difference).not.toMatch(/<svg|<table/);
  const filtered = await shown(store, 'against=week&filter=port+%3D+443');
  expect(filtered.difference).toContain('Nothing that passes the filter was logged from');
});

test('the table says what each difference is of, heaviest first in its class, with rejected traffic among them', async () => {
  const to = (last: number) => [`10.0.1.${last}`, 443] as const;
  const many = Array.from({ length: 120 }, (_, i) => flowRow('e', ['10.0.0.1', 0], to(i), { bytes: 1000 + i }));
  const [web, app, db] = [['10.0.0.2', 22] as const, ['10.0.0.3', 5432] as const, ['10.0.0.4', 0] as const];
  const store = await storeOf('table', {
    here: [
      ...many,
      flowRow('e', ['10.0.0.1', 0], web, { action: 'REJECT', bytes: 44, flows: 7 }),
      flowRow('e', db, app, { bytes: 3200, flows: 9 }),
      flowRow('e', db, web, { action: 'REJECT', bytes: 44 }),
    ],
    before: at(BEFORE, [flowRow('e', db, app, { bytes: 1000, flows: 3 }), flowRow('e', db, web, { bytes: 500 })]),
  });
  const { difference } = await shown(store, 'against=before&top=');
  const rows = rowsOf(difference);
  expect(rows).toHaveLength(60);
  expect(rows[0]).toBe('flipped 10.0.0.4 10.0.0.2 ACCEPT → REJECT ssh 500 B → 44 B ×0.088 1 → 1');
  expect(rows[1]).toBe('new 10.0.0.1 10.0.1.119 ACCEPT https – → 1.11 kB – → 1');
  expect(rows.at(-2)).toBe('new 10.0.0.1 10.0.0.2 REJECT ssh – → 44 B – → 7');
  expect(rows.at(-1)).toBe('changed 10.0.0.4 10.0.0.3 ACCEPT postgres 1.00 kB → 3.20 kB ×3.2 3 → 9');
  expect(difference).toContain('63 more differences in the CSV');
});

test('only complete minutes are compared unless asked, which the page says with links to the other way', async () => {
  const store = await storeOf('watermark', { here: NETWORK, before: at(BEFORE, NETWORK.slice(3)) });
  await store.put(shardsKey('s'), serialize({ kind: 'shards', shards: [{ shard: '0', parents: [], closed: false }] }));
  await putWatermark(store, 's', '0', '2026-11-20T05:30:00Z');
  const part = await shown(store, 'against=before');
  expect(part.difference).toContain('Compared: 2026-11-20 05:00 to 05:10 UTC; 5 minutes of the window left out');
  expect(part.difference).toContain('What differs from 2026-11-20 04:45 to 04:55 UTC');
  const all = await shown(store, 'against=before&incomplete=true');
  expect(all.difference).toContain('All minutes are compared, complete or not.');
  expect(all.difference).toContain('What differs from 2026-11-20 04:45 to 05:00 UTC');
  await putWatermark(store, 's', '0', '2026-11-20T05:10:00Z');
  const none = await shown(store, 'against=before');
  expect(none.response.status).toBe(200);
  expect(none.difference).toContain(
    'Not compared: no minute from 2026-11-20T05:00:00Z to 2026-11-20T05:15:00Z is complete',
  );
  const [, link] = /<a href="\/\?([^"]*)">Compare all minutes/.exec(none.difference) ?? [];
  const asked = await shown(store, (link ?? '').replaceAll('&amp;', '&').replace(/^start=[^&]*&stop=[^&]*&/, ''));
  expect(asked.difference).toContain('All minutes are compared, complete or not.');
});

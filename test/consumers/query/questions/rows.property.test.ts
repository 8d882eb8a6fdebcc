// Whatever rows lie in the store, in however many files, `rows` gives what the plain reference gives.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openQueryService, type QueryService } from '../../../../consumers/shared/query/service.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { linesSql, rowsSql } from '../../../../pipeline/rows/rows-sql.ts';
import { formatTime, MINUTE_MS } from '../../../../pipeline/window/window.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import type { Row } from '../../../fakes/parquet-rows.ts';
import { mergedRows } from '../../../reference/rows.ts';
import { putRows } from '../store-of-rows.ts';

const BASE = Date.parse('2026-11-20T23:00:00Z');
const GROUPS = [
  'minute',
  'account_id',
  'interface_id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'action',
];

const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 4 });
const row: fc.Arbitrary<Row> = fc.record({
  minute: fc.integer({ min: -3, max: 122 }).map((m) => formatTime(BASE + m * MINUTE_MS)),
  account_id: fc.constantFrom('1', '2'),
  interface_id: fc.constantFrom('eni-1', 'eni-2'),
  srcaddr: orNull(fc.constantFrom('10.0.0.1', '10.0.0.10', '2001:db8::1')),
  dstaddr: orNull(fc.constantFrom('10.0.0.1', '::')),
  srcport: orNull(fc.constantFrom(0, 22, 443)),
  dstport: orNull(fc.constantFrom(0, 9, 10)),
  protocol: orNull(fc.constantFrom(6, 17)),
  action: orNull(fc.constantFrom('ACCEPT', 'REJECT')),
  // Text whose order in UTF-8 is not its order in UTF-16, and what SQL and paths might trip over.
  instance_tag: orNull(fc.constantFrom('\u{1f600}', '\uff5e', "a'b", '"', ' ')),
  flows: fc.integer({ min: 1, max: 9 }),
  packets: orNull(fc.bigInt({ min: 0n, max: 2n ** 58n })),
  bytes: orNull(fc.bigInt({ min: 0n, max: 2n ** 58n })),
  start: orNull(fc.integer({ min: 1_700_000_000, max: 1_700_000_100 })),
  end: orNull(fc.integer({ min: 1_700_000_000, max: 1_700_000_100 })),
  tcp_flags: orNull(fc.integer({ min: 0, max: 255 })),
});

let directory: string;
let runs = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-property-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function withStore(sources: readonly (readonly Row[])[], use: (service: QueryService) => Promise<void>) {
  runs += 1;
  const store: ObjectStore = new DirectoryStore(join(directory, String(runs)));
  for (const [i, rows] of sources.entries()) await putRows(store, 'digests', `source-${i}`, rows);
  const service = await openQueryService({ store, clock: new ManualClock(BASE) });
  try {
    await use(service);
  } finally {
    await service.close();
  }
}

/** Integers as bigint, times as the rows have them, so that both sides compare alike. */
const comparable = (rows: readonly (readonly unknown[])[]): unknown[][] =>
  rows.map((cells) => cells.map((cell) => (typeof cell === 'number' ? BigInt(cell) : cell)));

async function answer(service: QueryService, sql: (table: string) => string, window: { start: number; stop: number }) {
  const source = await service.window(window, ['digests']);
  const { chunks, columns } = await service.engine.run(sql(source.tables.digests));
  const rows: unknown[][] = [];
  for await (const chunk of chunks) {
    for (const cells of chunk)
      rows.push(cells.map((c, i) => (columns[i].name === 'minute' ? formatTime(Number(c)) : c)));
  }
  source.release();
  return comparable(rows);
}

const inside = (rows: readonly Row[], start: number, stop: number): Row[] =>
  rows.filter((r) => Date.parse(String(r.minute)) >= start && Date.parse(String(r.minute)) < stop);

test('grouped rows are the reference rows, with and without top', async () => {
  const sources = fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 3 });
  const group = fc.subarray([...GROUPS, 'instance_tag'], { minLength: 1 });
  const minute = fc.integer({ min: 0, max: 119 });
  await fc.assert(
    fc.asyncProperty(
      sources,
      group,
      fc.option(fc.integer({ min: 1, max: 5 })),
      minute,
      async (all, names, top, from) => {
        await withStore(all, async (service) => {
          const window = { start: BASE + from * MINUTE_MS, stop: BASE + 120 * MINUTE_MS };
          const found = await answer(service, (t) => rowsSql(t, { group: names, top, where: null }).sql, window);
          const expected = mergedRows(inside(all.flat(), window.start, window.stop), names, top);
          expect(found).toEqual(comparable(expected));
        });
      },
    ),
    { numRuns: 25 },
  );
});

test('rows of all columns and log lines hold the same sums as the input', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 3 }), async (all) => {
      await withStore(all, async (service) => {
        const window = { start: BASE, stop: BASE + 120 * MINUTE_MS };
        const input = inside(all.flat(), window.start, window.stop);
        const rows = await answer(service, (t) => rowsSql(t, { group: [], top: null, where: null }).sql, window);
        // All columns but those that no generated row has: the reference merges by exactly the rest.
        const reference = mergedRows(input, [...GROUPS, 'instance_tag'], null);
        const bytes = (cells: unknown[][], at: number) => cells.map((c) => c[at] ?? 'null').sort();
        expect(rows.length).toBe(reference.length);
        expect(bytes(rows, 64)).toEqual(bytes(comparable(reference), GROUPS.length + 3));
        const lines = await answer(service, (t) => linesSql(t, { top: null, where: null }).sql, window);
        const plain = mergedRows(input, GROUPS.slice(1), null).map((c) => [...c.slice(0, 8), ...c.slice(9, 13)]);
        expect(lines).toEqual(comparable(plain));
      });
    }),
    { numRuns: 15 },
  );
});

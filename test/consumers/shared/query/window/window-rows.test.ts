// The rows of a window against a plain look at all rows: whatever files they lie in, whichever files are pruned.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openQueryService, type QueryService } from '../../../../../consumers/shared/query/service.ts';
import { DirectoryStore } from '../../../../../consumers/shared/store/directory.ts';
import type { WindowTable } from '../../../../../pipeline/window/query-plan.ts';
import { MINUTE_MS } from '../../../../../pipeline/window/window.ts';
import type { Completeness } from '../../../../../schemas/query.ts';
import { ManualClock } from '../../../../fakes/manual-clock.ts';
import type { Row } from '../../../../fakes/parquet-rows.ts';
import { putRows } from '../../../query/store-of-rows.ts';

const BASE = Date.parse('2026-11-20T05:00:00Z');

let directory: string;
let stores = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-window-rows-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

type Sources = Readonly<Partial<Record<WindowTable, readonly (readonly Row[])[]>>>;

/** What `use` makes of a store with these rows, a file for each hour of each source. */
async function inStore<T>(sources: Sources, use: (service: QueryService) => Promise<T>): Promise<T> {
  const store = new DirectoryStore(join(directory, String(stores++)));
  for (const table of ['digests', 'coverage'] as const) {
    for (const [i, rows] of (sources[table] ?? []).entries()) await putRows(store, table, `s${i}`, rows);
  }
  const service = await openQueryService({ store, clock: new ManualClock(BASE) });
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

const minuteOf = (minute: number): string => new Date(BASE + minute * MINUTE_MS).toISOString();

interface Flow {
  readonly id: number;
  readonly minute: number; // after BASE
  readonly seconds: number; // from its minute to its end
  readonly isWide: boolean; // has a column that other files may not have
}

const flowRow = ({ id, minute, seconds, isWide }: Flow): Row => ({
  ...{ minute: minuteOf(minute), interface_id: 'eni-1', srcport: id, flows: 1, bytes: 1 },
  ...{ start: BASE / 1000 + minute * 60, end: BASE / 1000 + minute * 60 + seconds },
  ...(isWide ? { vpc_id: 'vpc-1' } : {}),
});

const flows = fc
  .array(
    fc.array(
      fc.record({
        minute: fc.integer({ min: -15, max: 75 }),
        seconds: fc.integer({ min: 0, max: 659 }),
        isWide: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
    { maxLength: 3 },
  )
  .map((sources) => {
    let id = 0;
    return sources.map((source) => source.map((one): Flow => ({ id: id++, ...one })));
  });

test('are those of its minutes, or those that overlap it', async () => {
  const minute = fc.integer({ min: 0, max: 60 });
  await fc.assert(
    fc.asyncProperty(flows, minute, fc.integer({ min: 1, max: 20 }), async (sources, from, minutes) => {
      const window = { start: BASE + from * MINUTE_MS, stop: BASE + (from + minutes) * MINUTE_MS };
      await inStore({ digests: sources.map((source) => source.map(flowRow)) }, async (service) => {
        for (const overlapping of [false, true, false]) {
          const source = await service.window(window, ['digests'], { overlapping });
          const { chunks } = await service.engine.run(`SELECT srcport, vpc_id FROM ${source.tables.digests}`);
          const found: string[] = [];
          for await (const rows of chunks) for (const row of rows) found.push(row.join());
          source.release();
          const belongs = ({ minute, seconds }: Flow): boolean =>
            minute < from + minutes && (minute >= from || (overlapping && minute * 60 + seconds >= from * 60));
          const expected = sources.flat().filter(belongs);
          expect(found.sort()).toEqual(expected.map(({ id, isWide }) => `${id},${isWide ? 'vpc-1' : ''}`).sort());
        }
      });
    }),
    { numRuns: 15 },
  );
});

test('the time that a row spans can begin in the hour before, and no file of before is read without need', async () => {
  const across = { id: 1, minute: -5, seconds: 300, isWide: false };
  const sources = [[across], [{ ...across, id: 2, seconds: 299 }], [{ id: 3, minute: 0, seconds: 60, isWide: false }]];
  await inStore({ digests: sources.map((source) => source.map(flowRow)) }, async (service) => {
    const window = { start: BASE, stop: BASE + 15 * MINUTE_MS };
    for (const [overlapping, files] of [[false, 1] as const, [true, 2] as const]) {
      const { tables } = await service.window(window, ['digests'], { overlapping });
      expect(tables.digests.match(/\.parquet/g)).toHaveLength(files);
    }
  });
});

describe('the skipped minutes of a window', () => {
  const line = (interface_id: string, minute: number, seconds: number, log_status = 'SKIPDATA'): Row => ({
    ...{ minute: minuteOf(minute), account_id: '111122223333', interface_id, log_status, records: 1 },
    end: BASE / 1000 + minute * 60 + seconds,
  });

  const completeness = (coverage: readonly Row[], from: number, stop: number): Promise<Completeness> =>
    inStore({ coverage: [coverage] }, async (service) => {
      const window = { start: BASE + from * MINUTE_MS, stop: BASE + stop * MINUTE_MS };
      const source = await service.window(window, ['digests']);
      source.release();
      return source.completeness;
    });

  test('are of the lines that say so, each for the minutes that it spans, none twice', async () => {
    const lines = [
      line('eni-1', 3, 600),
      line('eni-1', 5, 60),
      line('eni-2', 14, 120),
      line('eni-3', 2, 60, 'NODATA'),
      line('eni-4', 20, 60),
    ];
    const { skipdata, complete } = await completeness(lines, 0, 15);
    expect(skipdata).toEqual({
      ...{ interfaces: 2, minutes: 11 },
      named: [
        { account_id: '111122223333', interface_id: 'eni-1', minutes: 10 },
        { account_id: '111122223333', interface_id: 'eni-2', minutes: 1 },
      ],
    });
    expect(complete).toBeNull();
  });

  test('are of lines too that began before it, in another hour', async () => {
    expect((await completeness([line('eni-1', -7, 600), line('eni-2', -7, 420)], 0, 15)).skipdata).toMatchObject({
      ...{ interfaces: 1, minutes: 3 },
      named: [{ interface_id: 'eni-1' }],
    });
  });

  test('are none where no file can have any, and files of other lines are not read', async () => {
    const nodata = [line('eni-1', 3, 60, 'NODATA')];
    expect((await completeness(nodata, 0, 15)).skipdata).toEqual({ interfaces: 0, minutes: 0, named: [] });
    await inStore({ coverage: [nodata] }, async (service) => {
      await service.window({ start: BASE, stop: BASE + MINUTE_MS }, ['digests']);
      expect(service.stats.totals).toMatchObject({ prunedObjects: 1, damagedObjects: 0, rows: 0 });
    });
  });

  test('name those interfaces that have most', async () => {
    const lines = Array.from({ length: 25 }, (_, i) => line(`eni-${String(i).padStart(2, '0')}`, 0, i < 5 ? 120 : 60));
    const { skipdata } = await completeness(lines, 0, 15);
    expect([skipdata.interfaces, skipdata.minutes, skipdata.named.length]).toEqual([25, 30, 20]);
    expect(skipdata.named.slice(4, 6)).toMatchObject([
      { interface_id: 'eni-04', minutes: 2 },
      { interface_id: 'eni-05', minutes: 1 },
    ]);
  });
});

test('the interval is that of the longest line, as far as merged rows tell', async () => {
  const lone = { minute: minuteOf(0), interface_id: 'eni-1', flows: 1, bytes: 1, start: BASE / 1000 + 1 };
  const merged = { ...lone, flows: 2 };
  const of = (rows: readonly Row[]) =>
    inStore({ digests: [rows] }, async (service) => {
      const source = await service.window({ start: BASE, stop: BASE + MINUTE_MS }, ['digests']);
      source.release();
      return source.completeness.longestInterval;
    });
  expect(await of([])).toBeNull();
  expect(await of([{ ...lone, end: null }])).toBeNull();
  expect(await of([{ ...lone, end: BASE / 1000 + 60 }])).toBe(59);
  // Two lines of 60 seconds can end 119 seconds after the minute.
  expect(await of([{ ...merged, end: BASE / 1000 + 119 }])).toBe(60);
  expect(await of([{ ...merged, end: BASE / 1000 + 601 }])).toBe(542);
});

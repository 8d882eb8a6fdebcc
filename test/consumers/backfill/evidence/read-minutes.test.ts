// Interface-minutes read from Parquet files: many files, columns that some have, lines that reach into other hours.
import { expect, test } from 'vitest';
import { readMinutes } from '../../../../consumers/backfill/evidence/read-minutes.ts';
import { COVERAGE_COLUMNS, DIGEST_COLUMNS } from '../../../../schemas/columns.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { parquetRows, type Row } from '../../../fakes/parquet-rows.ts';

const BEGIN = Date.UTC(2026, 10, 20, 5) / 1000; // s

const minuteOf = (minute: number): string => new Date((BEGIN + minute * 60) * 1000).toISOString();
const run = (iface: string | null, ...runs: readonly (readonly [number, number])[]) => ({
  ...{ account: 'a', interface: iface },
  runs: runs.map(([minute, minutes]) => [BEGIN + minute * 60, minutes]),
});

const read = async (table: 'digests' | 'coverage', files: readonly (readonly Row[])[]) => {
  const store = new MemoryStore();
  for (const [i, rows] of files.entries()) {
    const columns = table === 'digests' ? DIGEST_COLUMNS : COVERAGE_COLUMNS;
    await store.put(`${table}/${String(i).padStart(4, '0')}.parquet`, await parquetRows(columns, rows));
  }
  const minutes = await readMinutes(store, table, await Array.fromAsync(store.list(`${table}/`)));
  return minutes.runs();
};

test('digest rows are their minutes, whatever columns a file has and lacks', async () => {
  const row = (minute: number, more: Row): Row => ({ minute: minuteOf(minute), account_id: 'a', flows: 1n, ...more });
  const runs = await read('digests', [
    [row(0, { interface_id: 'eni-1' }), row(1, { interface_id: 'eni-1' }), row(29, { interface_id: 'eni-1' })],
    [row(30, { interface_id: 'eni-1', tgw_attachment_id: 'x' }), row(59, { tgw_attachment_id: 'tgw-attach-1' })],
    [row(3, { resource_id: 'nat-1' }), row(4, {}), row(4, { srcport: 1 })],
  ]);
  expect(runs).toEqual([
    run(null, [4, 1]),
    run('eni-1', [0, 2], [29, 2]),
    run('nat-1', [3, 1]),
    run('tgw-attach-1', [59, 1]),
  ]);
});

test('coverage rows are the minutes up to their end: their own at least, an hour at most', async () => {
  const row = (iface: string, minute: number, seconds: number | null): Row => ({
    ...{ minute: minuteOf(minute), account_id: 'a', interface_id: iface, log_status: 'NODATA', records: 1n },
    end: seconds === null ? null : BEGIN + minute * 60 + seconds,
  });
  const runs = await read('coverage', [
    [row('eni-1', 0, 60), row('eni-2', 0, 61), row('eni-3', 5, null), row('eni-4', 5, -90), row('eni-5', 5, 0)],
    [row('eni-6', 55, 600), row('eni-7', 1, 86_400), row('eni-8', 2, 59)],
  ]);
  expect(runs).toEqual([
    run('eni-1', [0, 1]),
    run('eni-2', [0, 2]),
    run('eni-3', [5, 1]),
    run('eni-4', [5, 1]),
    run('eni-5', [5, 1]),
    run('eni-6', [55, 10]),
    run('eni-7', [1, 60]),
    run('eni-8', [2, 1]),
  ]);
});

test('a file that is no Parquet fails', async () => {
  const store = new MemoryStore();
  await store.put('digests/x.parquet', Buffer.from('this is no Parquet file'));
  const objects = await Array.fromAsync(store.list('digests/'));
  await expect(readMinutes(store, 'digests', objects)).rejects.toMatchObject({ code: 'VF_STORE_CORRUPT' });
});

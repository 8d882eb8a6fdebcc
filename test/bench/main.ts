// Prints one table: what vpcflow does in a second, a row or a mebibyte, beside a baseline of the same run and its budget.
import { benchBackfill, benchScaling } from './backfill.ts';
import { benchDecode } from './decode.ts';
import { benchDiff } from './diff.ts';
import { benchLoad } from './load.ts';
import type { BenchRow } from './measure.ts';
import { benchMemory } from './memory.ts';
import { benchQuery } from './query.ts';
import { benchStore } from './store.ts';
import { generateTraffic } from './traffic.ts';

const HEAD: BenchRow = { what: 'what', ours: 'ours', baseline: 'baseline', ratio: 'ratio', budget: 'budget', ok: null };
const COLUMNS = ['what', 'ours', 'baseline', 'ratio', 'budget'] as const;

const verdict = (row: BenchRow): string => (row === HEAD ? 'ok' : row.ok === null ? '' : row.ok ? 'yes' : 'NO');

const print = (rows: readonly BenchRow[]): void => {
  const all = [HEAD, ...rows];
  const widths = COLUMNS.map((column) => Math.max(...all.map((row) => row[column].length)));
  for (const row of all) {
    const cells = COLUMNS.map((column, i) => row[column].padEnd(widths[i]));
    process.stdout.write(`${[...cells, verdict(row)].join('  ').trimEnd()}\n`);
  }
};

const shape = { rows: 200_000, interfaces: 200, minutes: 2 };
const rows: BenchRow[] = [];
for (const recordsPerRow of [2, 5]) {
  const traffic = generateTraffic({ ...shape, recordsPerRow });
  rows.push(...(await benchDecode(traffic)));
  rows.push(...(await benchStore(traffic, 0.2, recordsPerRow === 2 ? 0.3 : 0.4)));
  rows.push(...(await (recordsPerRow === 2 ? benchScaling : benchBackfill)(traffic)));
}
rows.push(...(await benchMemory()));
rows.push(...(await benchQuery(benchLoad)));
rows.push(...(await benchDiff()));
print(rows);

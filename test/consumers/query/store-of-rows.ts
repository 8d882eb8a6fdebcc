// A store for query tests: rows that a test names, laid out by hour as the digest consumer lays them out.
import { hourPartition, tableKey } from '../../../pipeline/keys.ts';
import { COVERAGE_COLUMNS, DIGEST_COLUMNS } from '../../../schemas/columns.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { parquetRows, type Row } from '../../fakes/parquet-rows.ts';

/** Writes the rows of one source: an object for each hour of `minute`. */
export async function putRows(
  store: ObjectStore,
  table: 'digests' | 'coverage',
  source: string,
  rows: readonly Row[],
): Promise<void> {
  const hours = Map.groupBy(rows, (row) => hourPartition(Date.parse(String(row.minute))));
  for (const [partition, hour] of hours) {
    const columns = table === 'digests' ? DIGEST_COLUMNS : COVERAGE_COLUMNS;
    await store.put(tableKey(table, partition, source), await parquetRows(columns, hour));
  }
}

// Writes the rows that a test names into a real Parquet file, by DuckDB, with only the columns that they have.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Column, ColumnType } from '../../schemas/columns.ts';

/** One row by column name; `minute` as RFC 3339. What is left out is NULL. */
export type Row = Readonly<Record<string, string | number | bigint | null>>;

const TYPES: Readonly<Record<ColumnType, string>> = {
  timestamp: 'TIMESTAMPTZ',
  string: 'VARCHAR',
  int32: 'INTEGER',
  int64: 'BIGINT',
};

const literal = (value: string | number | bigint | null | undefined): string => {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
};

/** The bytes of a Parquet file of `rows`; a column that no row has is left out unless it is not optional. */
export async function parquetRows(columns: readonly Column[], rows: readonly Row[]): Promise<Buffer> {
  const present = columns.filter((c) => !c.optional || rows.some((row) => (row[c.name] ?? null) !== null));
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-rows-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const definitions = present.map((c) => `"${c.name}" ${TYPES[c.type]}`).join(', ');
    await connection.run(`CREATE TABLE t (${definitions})`);
    for (const row of rows) {
      await connection.run(`INSERT INTO t VALUES (${present.map((c) => literal(row[c.name])).join(', ')})`);
    }
    const file = join(directory, 'rows.parquet');
    await connection.run(`COPY t TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
    return await readFile(file);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(directory, { recursive: true, force: true });
  }
}

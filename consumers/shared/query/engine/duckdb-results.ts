// Begins a query on a connection of DuckDB, and takes its result chunk by chunk.
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { QueryColumn, QueryParameter, QueryStep, QueryValue } from '../../../../schemas/query.ts';
import { boundParameter, chunkRows, columnType } from './duckdb-values.ts';
import { quotedName } from './sql-text.ts';

/** Chunks (of 2,048 rows) that are taken with the turn that begins a query. */
const FIRST_CHUNKS = 4;

interface Begun {
  readonly columns: readonly QueryColumn[];
  readonly first: readonly QueryValue[][][];
  /** null when `first` is all. */
  readonly rest: DuckDBResult | null;
}

/** A small answer is whole after one turn, and so holds nothing while others have theirs. */
export async function beginQuery(
  connection: DuckDBConnection,
  sql: string,
  parameters: readonly QueryParameter[],
): Promise<Begun> {
  const rest = await streamQuery(connection, sql, parameters);
  const [columns, first] = [columnsOf(rest), [] as QueryValue[][][]];
  while (first.length < FIRST_CHUNKS) {
    const rows = await nextRows(rest);
    if (rows === null) return { columns, first, rest: null };
    first.push(rows);
  }
  return { columns, first, rest };
}

/** The table is the connection's own, and goes with it. */
export async function keepRows(connection: DuckDBConnection, { name, sql, parameters }: QueryStep): Promise<void> {
  const bound = parameters.map(boundParameter);
  await connection.run(
    `CREATE TEMP TABLE ${quotedName(name)} AS ${sql}`,
    bound.map((b) => b.value),
    bound.map((b) => b.type),
  );
}

/** null at the end. */
export async function nextRows(result: DuckDBResult): Promise<QueryValue[][] | null> {
  const chunk = await result.fetchChunk();
  return chunk === null || chunk.rowCount === 0 ? null : chunkRows(chunk);
}

/** A result that is read chunk by chunk. */
export async function streamQuery(
  connection: DuckDBConnection,
  sql: string,
  parameters: readonly QueryParameter[],
): Promise<DuckDBResult> {
  const bound = parameters.map(boundParameter);
  return connection.stream(
    sql,
    bound.map((b) => b.value),
    bound.map((b) => b.type),
  );
}

function columnsOf(result: DuckDBResult): QueryColumn[] {
  const types = result.columnTypes();
  return result.columnNames().map((name, i) => {
    const type = columnType(types[i]);
    if (type === null)
      throw new VpcflowError('VF_QUERY', `column ${name} has the type ${types[i]}, which has no value`);
    return { name, type };
  });
}

// Turns the text of a filter into a condition on digest rows, for DuckDB and for Athena. A comparison with NULL is
// false, and its `not` is true.
import type { QueryParameter } from '../../schemas/query.ts';
import type { Condition } from './condition.ts';
import { type Dialect, DUCKDB, TRINO } from './dialects.ts';
import { parseFilter } from './parse.ts';
import { resolveFilter } from './resolve.ts';
import { predicateSql } from './sql.ts';

/** A condition for Athena: its `ExecutionParameters` are literals of SQL. */
export interface AthenaCondition {
  readonly sql: string;
  readonly executionParameters: readonly string[];
}

/** The condition of a filter, null for an empty one. `now` is for relative times (Unix ms). Throws VF_BAD_FILTER. */
export const compileFilter = (text: string, now: number): Condition | null => compiled(text, now, DUCKDB);

/** The same condition in Athena's SQL, on a table or view of the digest columns that is called `digest`. */
export function athenaFilter(text: string, now: number): AthenaCondition | null {
  const condition = compiled(text, now, TRINO);
  return condition && { sql: condition.sql, executionParameters: condition.parameters.map(literal) };
}

function compiled(text: string, now: number, dialect: Dialect): Condition | null {
  const filter = parseFilter(text);
  return filter === null ? null : predicateSql(resolveFilter(filter, now), dialect);
}

const literal = (value: QueryParameter): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);

// The two dialects of SQL that a filter is written in: DuckDB's, and that of Trino, which Athena speaks.
import type { QueryParameter } from '../../schemas/query.ts';

/** What the dialects say differently; everything else they have in common. */
export interface Dialect {
  /** True where the text `column` contains `part` (SQL). */
  holds(column: string, part: string): string;
  /** The time as a value: SQL with one `?`, and its parameter. */
  time(ms: number): { readonly sql: string; readonly parameter: QueryParameter };
  /** Groups of hexadecimal digits between colons (SQL), each padded to four digits, as one text. */
  padded(groups: string): string;
}

export const DUCKDB: Dialect = {
  holds: (column, part) => `contains(${column}, ${part})`,
  time: (ms) => ({ sql: 'make_timestamptz(?)', parameter: BigInt(ms) * 1000n }),
  padded: (groups) => `array_to_string(list_transform(string_split(${groups}, ':'), lambda g: lpad(g, 4, '0')), '')`,
};

/** Athena engine 3. `minute` is a timestamp without a zone there, in UTC. */
export const TRINO: Dialect = {
  holds: (column, part) => `(strpos(${column}, ${part}) > 0)`,
  time: (ms) => ({
    sql: 'CAST(? AS timestamp(3))',
    parameter: new Date(ms).toISOString().slice(0, -1).replace('T', ' '),
  }),
  padded: (groups) => `array_join(transform(split(${groups}, ':'), g -> lpad(g, 4, '0')), '')`,
};

/** The 32 hexadecimal digits of an IPv6 address in canonical text without a dotted quad. */
export function hexadecimalSql(column: string, dialect: Dialect): string {
  // An address with `::` has as many groups as colons; a zero beside it makes that so at the ends, too.
  const zero = (pattern: string) => `CASE WHEN ${column} LIKE '${pattern}' THEN '0' ELSE '' END`;
  const ended = `${zero('::%')} || ${column} || ${zero('%::')}`;
  const missing = `greatest(0, 8 - length(${column}) + length(replace(${column}, ':', '')))`;
  return dialect.padded(`replace(${ended}, '::', ':' || substr('0:0:0:0:0:0:0:0:', 1, 2 * ${missing}))`);
}

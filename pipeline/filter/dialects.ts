// The two dialects of SQL that a filter is written in: DuckDB's, and that of Trino, which Athena speaks.
import type { QueryParameter } from '../../schemas/query.ts';

/** What the dialects say differently; everything else they have in common. */
export interface Dialect {
  /** True where the text `column` contains `part` (SQL). */
  holds(column: string, part: string): string;
  /** The time as a value: SQL with one `?`, and its parameter. */
  time(ms: number): { readonly sql: string; readonly parameter: QueryParameter };
  /** The 32 hexadecimal digits of an IPv6 address that is written without a dotted quad. */
  hexadecimal(column: string): string;
}

export const DUCKDB: Dialect = {
  holds: (column, part) => `contains(${column}, ${part})`,
  time: (ms) => ({ sql: 'make_timestamptz(?)', parameter: BigInt(ms) * 1000n }),
  hexadecimal: (column) => {
    const groups = (part: number) =>
      `list_filter(string_split(split_part(${column}, '::', ${part}), ':'), lambda g: g <> '')`;
    const zeros = `list_transform(range(8 - len(${groups(1)}) - len(${groups(2)})), lambda i: '0')`;
    return `array_to_string(list_transform(${groups(1)} || ${zeros} || ${groups(2)}, lambda g: lpad(g, 4, '0')), '')`;
  },
};

/** Athena engine 3. `minute` is a timestamp without a zone there, in UTC. */
export const TRINO: Dialect = {
  holds: (column, part) => `(strpos(${column}, ${part}) > 0)`,
  time: (ms) => ({
    sql: 'CAST(? AS timestamp(3))',
    parameter: new Date(ms).toISOString().slice(0, -1).replace('T', ' '),
  }),
  hexadecimal: (column) => {
    // split_part is NULL where there is no such part.
    const groups = (part: number) =>
      `filter(split(coalesce(split_part(${column}, '::', ${part}), ''), ':'), g -> g <> '')`;
    const zeros = `repeat('0', greatest(0, 8 - cardinality(${groups(1)}) - cardinality(${groups(2)})))`;
    return `array_join(transform(${groups(1)} || ${zeros} || ${groups(2)}, g -> lpad(g, 4, '0')), '')`;
  },
};

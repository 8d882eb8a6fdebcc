// Turns planned files into the SQL that reads their rows, and what else is asked of files themselves.
import { REACH_MS, type Selection, searchedWindow, type WindowTable } from '../../../../pipeline/window/query-plan.ts';
import { COVERAGE_COLUMNS, type Column, type ColumnType, DIGEST_COLUMNS } from '../../../../schemas/columns.ts';
import { MAX_NAMED, type Window } from '../../../../schemas/query.ts';
import { quotedName, quotedPath, timestampLiteral } from '../engine/sql-text.ts';

export const TABLE_COLUMNS: Readonly<Record<WindowTable, readonly Column[]>> = {
  digests: DIGEST_COLUMNS,
  coverage: COVERAGE_COLUMNS,
};

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  timestamp: 'TIMESTAMPTZ',
  string: 'VARCHAR',
  int32: 'INTEGER',
  int64: 'BIGINT',
};

/** Files of one table; `columns` are those that any of them has, `uniform` when all have all of them in one order. */
export interface TableFiles {
  readonly paths: readonly string[];
  readonly columns: ReadonlySet<string>;
  readonly uniform: boolean;
}

/** Partitions are not taken from the path: they repeat `minute`, and would appear as columns of their own. */
const filesSql = (paths: readonly string[], uniform: boolean, more = ''): string =>
  `read_parquet([${paths.map(quotedPath).join(', ')}], union_by_name = ${!uniform}, hive_partitioning = false${more})`;

const whereSql = (selection: Selection): string => {
  const { window, overlapping } = selection;
  const searched = searchedWindow(selection);
  const within = `minute >= ${timestampLiteral(searched.start)} AND minute < ${timestampLiteral(searched.stop)}`;
  if (!overlapping) return within;
  return `${within} AND (minute >= ${timestampLiteral(window.start)} OR "end" >= ${window.start / 1000})`;
};

/** The rows of a window with every column of the table, as a table expression. */
export function tableSql(table: WindowTable, { paths, columns, uniform }: TableFiles, selection: Selection): string {
  const isThere = (name: string): boolean => paths.length > 0 && columns.has(name);
  const value = ({ name, type }: Column): string =>
    isThere(name) ? quotedName(name) : `NULL::${SQL_TYPES[type]} AS ${quotedName(name)}`;
  const shown = TABLE_COLUMNS[table].map(value).join(', ');
  if (paths.length === 0) return `(SELECT ${shown} WHERE false)`;
  const where = whereSql({ ...selection, overlapping: selection.overlapping && isThere('end') });
  return `(SELECT ${shown} FROM ${filesSql(paths, uniform)} WHERE ${where})`;
}

/** Fails when any value of any file cannot be read. */
export const readAllSql = (paths: readonly string[]): string =>
  `SELECT bit_xor(hash(t)) FROM ${filesSql(paths, false)} AS t`;

/**
 * By file, the longest aggregation interval that its rows prove, s. A row of one line has the line's own; of merged
 * lines it is only known that the last one began within the minute.
 */
export const intervalSql = (paths: readonly string[]): string =>
  `SELECT filename, max(CASE WHEN flows = 1 THEN "end" - "start" ELSE "end" - epoch_ms(minute) // 1000 - 59 END)
FROM ${filesSql(paths, false, ', filename = true')} GROUP BY filename`;

/** The minutes that one line is evidence of: of [minute, end), its own at least and an hour at most. */
const LINE_MINUTES = 'greatest(first + 1, least((coalesce("end", 0) + 59) // 60, first + 60))';

/**
 * The interfaces with minutes of the status SKIPDATA in the window, those with most first: account_id, interface_id,
 * minutes, and of all of them how many there are and their minutes.
 */
export function skipdataSql(paths: readonly string[], { start, stop }: Window): string {
  const [from, to] = [start / 60_000, stop / 60_000];
  return `SELECT account_id, interface_id, minutes, count(*) OVER () AS interfaces, sum(minutes) OVER () AS total
FROM (
  SELECT account_id, interface_id, count(DISTINCT m) AS minutes
  FROM (
    SELECT account_id, interface_id, unnest(range(greatest(first, ${from}), least(${LINE_MINUTES}, ${to}))) AS m
    FROM (
      SELECT account_id, interface_id, "end", epoch_ms(minute) // 60000 AS first FROM ${filesSql(paths, false)}
      WHERE log_status = 'SKIPDATA' AND minute >= ${timestampLiteral(start - REACH_MS)} AND minute < ${timestampLiteral(stop)}))
  GROUP BY account_id, interface_id)
ORDER BY minutes DESC, interface_id NULLS LAST, account_id NULLS LAST
LIMIT ${MAX_NAMED}`;
}

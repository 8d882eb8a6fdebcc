// Turns "these rows of a window" into one SQL statement with bound parameters, and says what its columns are.
import { type Column, DIGEST_COLUMNS } from '../../schemas/columns.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { QueryParameter } from '../../schemas/query.ts';
import type { Condition } from '../filter/condition.ts';
import { didYouMean } from '../nearest.ts';

export interface RowsQuestion {
  /** None: every column of the digest. */
  readonly group: readonly string[];
  /** Keeps this many rows with most bytes. */
  readonly top: number | null;
  readonly where: Condition | null;
}

/** What is known to be in the table: merging by 62 columns costs ten times what merging by the few of them does. */
export type Present = (column: Column) => boolean;

const ALL: Present = () => true;

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
  readonly columns: readonly Column[];
}

/** What digest rows can be grouped by: `minute` and the 61 keys. */
const GROUP_COLUMNS: readonly Column[] = DIGEST_COLUMNS.filter((c) => c.role === 'key');

const MEASURES = DIGEST_COLUMNS.filter((c) => c.role !== 'key');

/** The measures of grouped rows, in their order. */
const GROUPED_MEASURES: readonly Column[] = ['flows', 'packets', 'bytes', 'start', 'end', 'tcp_flags'].map(measure);

/** The key columns of a version 2 line, in its order. */
const LINE_KEYS: readonly Column[] = [
  'account_id',
  'interface_id',
  ...['srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol'],
  'action',
].map(groupColumn);

/**
 * The rows of a table expression with the digest columns, merged by their keys as if one epoch had held them all
 * (sums added, start the least, end the greatest, flags united). Sorted by the group in its order, NULL first, text by
 * its bytes; with `top` by bytes, most first, then by the group. Sums are INT64: past that the query fails, it does not
 * wrap. A column that is not `present` is NULL in every row. Throws VF_BAD_PARAMETER for a column that cannot be
 * grouped by.
 */
export function rowsSql(table: string, question: RowsQuestion, present: Present = ALL): Statement {
  const keys = question.group.length === 0 ? GROUP_COLUMNS : question.group.map(groupColumn);
  const measures = question.group.length === 0 ? MEASURES : GROUPED_MEASURES;
  const repeated = keys.find((key, i) => keys.indexOf(key) !== i);
  if (repeated) throw new VpcflowError('VF_BAD_PARAMETER', `group names ${repeated.name} twice`);
  return mergedSql(table, keys, measures, question, present);
}

/** What a version 2 line shows, merged over the whole window, in the order of the line's fields. */
export const linesSql = (table: string, question: Omit<RowsQuestion, 'group'>): Statement =>
  mergedSql(table, LINE_KEYS, ['packets', 'bytes', 'start', 'end'].map(measure), question);

function mergedSql(
  table: string,
  keys: readonly Column[],
  measures: readonly Column[],
  question: Omit<RowsQuestion, 'group'>,
  present: Present = ALL,
): Statement {
  const shown = [...keys, ...measures].map((c) => `${present(c) ? merged(c) : nullOf(c)} AS "${c.name}"`);
  // A column without values changes neither groups nor order; one key is kept for a table in which none has any.
  const names = keys.filter((key, i) => i === 0 || present(key)).map((c) => quoted(c.name));
  const group = names.map((name) => `${name} ASC NULLS FIRST`);
  const sql = [
    `SELECT ${shown.join(', ')}`,
    `FROM ${table} AS digest`,
    ...(question.where === null ? [] : [`WHERE ${question.where.sql}`]),
    `GROUP BY ${names.join(', ')}`,
    `ORDER BY ${(question.top === null ? group : ['sum(digest.bytes) DESC NULLS LAST', ...group]).join(', ')}`,
    ...(question.top === null ? [] : [`LIMIT ${Math.trunc(question.top)}`]),
  ];
  return { sql: sql.join('\n'), parameters: question.where?.parameters ?? [], columns: [...keys, ...measures] };
}

function merged(column: Column): string {
  const name = quoted(column.name);
  switch (column.role) {
    case 'sum':
      return `CAST(sum(${name}) AS BIGINT)`;
    case 'min':
      return `min(${name})`;
    case 'max':
      return `max(${name})`;
    case 'or':
      return `bit_or(${name})`;
    case 'key':
      return name;
  }
}

function nullOf(column: Column): string {
  switch (column.type) {
    case 'timestamp':
      return 'NULL::TIMESTAMPTZ';
    case 'string':
      return 'NULL::VARCHAR';
    case 'int32':
      return 'NULL::INTEGER';
    case 'int64':
      return 'NULL::BIGINT';
  }
}

function groupColumn(name: string): Column {
  const column = GROUP_COLUMNS.find((c) => c.name === name);
  if (column) return column;
  const names = GROUP_COLUMNS.map((c) => c.name);
  const what = MEASURES.some((c) => c.name === name) ? 'a measure' : 'no column';
  throw new VpcflowError('VF_BAD_PARAMETER', `rows cannot be grouped by ${JSON.stringify(name)}, which is ${what}`, {
    help: didYouMean(name, names) || `group by any of ${names.join(', ')}`,
  });
}

function measure(name: string): Column {
  const column = MEASURES.find((c) => c.name === name);
  if (column) return column;
  throw new Error(`${name} is no measure`);
}

/** Qualified, because the result has columns of the same names. */
const quoted = (name: string): string => `digest."${name}"`;

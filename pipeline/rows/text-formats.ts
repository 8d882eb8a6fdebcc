// Turns rows of query values into CSV, NDJSON, the members of a JSON array, and version 2 flow-log lines.
import { VpcflowError } from '../../schemas/errors.ts';
import type { QueryColumn, QueryValue } from '../../schemas/query.ts';
import { formatTime } from '../window/window.ts';

type Row = readonly QueryValue[];

/** A header line of names. Lines end with LF. */
export const csvHeader = (columns: readonly QueryColumn[]): string =>
  `${columns.map((c) => csvField(c.name)).join(',')}\n`;

/** RFC 4180, except that lines end with LF: what has a comma, quote or line break is quoted; NULL is an empty field. */
export function csvRow(columns: readonly QueryColumn[], row: Row): string {
  let line = '';
  for (let i = 0; i < columns.length; i++) {
    if (i > 0) line += ',';
    const value = row[i];
    if (value !== null) line += csvField(plainText(columns[i], value));
  }
  return `${line}\n`;
}

const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One JSON object; integers of any size are written digit by digit, times as RFC 3339. */
export function jsonRow(columns: readonly QueryColumn[], row: Row): string {
  return `{${columns.map((column, i) => `${JSON.stringify(column.name)}:${jsonValue(column, row[i])}`).join(',')}}`;
}

function jsonValue(column: QueryColumn, value: QueryValue): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return `[${value.map((v) => jsonValue(column, v)).join(',')}]`;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && column.type !== 'timestamp') return Number.isFinite(value) ? String(value) : 'null';
  return JSON.stringify(plainText(column, value));
}

function plainText(column: QueryColumn, value: QueryValue): string {
  if (typeof value === 'number' && column.type === 'timestamp') return formatTime(value);
  if (value !== null && typeof value === 'object') {
    throw new VpcflowError('VF_QUERY', `column ${column.name} is a list, which has no plain text`);
  }
  return String(value);
}

/** A version 2 line of the columns of `linesSql`: version and log status are the same for all, NULL is `-`. */
export const logLine = (row: Row): string =>
  `2 ${[...row.slice(0, 7), ...row.slice(8), row[7]].map((value) => (value === null ? '-' : String(value))).join(' ')} OK\n`;

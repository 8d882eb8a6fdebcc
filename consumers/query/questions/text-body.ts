// Turns rows that come in pieces into one of the text formats, whatever was asked of the store.

import { csvHeader, csvRow, jsonRow } from '../../../pipeline/rows/text-formats.ts';
import { headMembers } from '../../../pipeline/window/answer-head.ts';
import type { TextFormat } from '../../../schemas/formats.ts';
import type { QueryColumn, QueryResult, QueryValue } from '../../../schemas/query.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import type { Piece } from './question.ts';

/**
 * Rows in one of the text formats: JSON has the window and its completeness around them, and `list` is how the text
 * between those and the rows ends. It closes the result.
 */
export async function* textBody(
  source: WindowSource,
  result: QueryResult,
  format: TextFormat,
  list = '"rows"',
): AsyncIterable<Piece> {
  try {
    yield* text(source, result, format, list);
  } finally {
    await result.close();
  }
}

async function* text(
  source: WindowSource,
  { columns, chunks }: QueryResult,
  format: TextFormat,
  list: string,
): AsyncIterable<Piece> {
  const written = (rows: readonly (readonly QueryValue[])[], write: RowWriter, separator: string) =>
    rows.map((row) => write(columns, row)).join(separator);
  if (format === 'csv') {
    yield csvHeader(columns);
    for await (const rows of chunks) yield written(rows, csvRow, '');
    return;
  }
  if (format === 'ndjson') {
    for await (const rows of chunks) yield `${written(rows, jsonRow, '\n')}\n`;
    return;
  }
  yield `{${headMembers(source.window, source.completeness)},${list}:[`;
  let before = '\n';
  for await (const rows of chunks) {
    yield before + written(rows, jsonRow, ',\n');
    before = ',\n';
  }
  yield ']}\n';
}

type RowWriter = (columns: readonly QueryColumn[], row: readonly QueryValue[]) => string;

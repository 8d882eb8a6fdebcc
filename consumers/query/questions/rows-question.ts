// Turns the options of `rows` (from the command line or a URL) into a question, and its rows into the chosen format.
import { headMembers } from '../../../pipeline/answer-head.ts';
import { ArrowStream } from '../../../pipeline/rows/arrow-stream.ts';
import { linesSql, type Present, type RowsQuestion, rowsSql, type Statement } from '../../../pipeline/rows/rows-sql.ts';
import { csvHeader, csvRow, jsonRow, logLine } from '../../../pipeline/rows/text-formats.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { QueryColumn, QueryResult, QueryValue, Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window-source.ts';
import type { Piece, Question } from './question.ts';

export const ROW_FORMATS = ['csv', 'ndjson', 'json', 'parquet', 'arrow', 'log'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];
export type TextFormat = 'csv' | 'ndjson' | 'json';

export const CONTENT_TYPES: Readonly<Record<RowFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  json: 'application/json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
  log: 'text/plain; charset=utf-8',
};

export interface RowsOptions extends RowsQuestion {
  readonly window: Window;
  readonly lateness: number; // ms
  readonly overlapping?: boolean;
  readonly format: RowFormat;
}

/** Throws VF_BAD_PARAMETER for what cannot be asked, before anything is read. */
export function rowsQuestion(options: RowsOptions): Question {
  const { window, lateness, overlapping = false, format, group } = options;
  if (format === 'log' && group.length > 0) {
    throw new VpcflowError('VF_BAD_PARAMETER', 'the format log has columns of its own and cannot be grouped', {
      help: 'leave out group, or choose another format',
    });
  }
  // The statement depends on the source only by its table expression, and is checked here once.
  const statement = (table: string, present?: Present) =>
    format === 'log' ? linesSql(table, options) : rowsSql(table, options, present);
  const { sql, parameters } = statement('digests');
  return {
    ...{ window, lateness, overlapping, tables: ['digests'], contentType: CONTENT_TYPES[format] },
    binary: format === 'parquet' || format === 'arrow',
    text: JSON.stringify(['rows', format, sql, parameters.map(String)]),
    answer: async function* (service, source, signal) {
      const present: Present = ({ name }) => source.present.digests.has(name);
      yield* rowsBody(service, source, statement(source.tables.digests, present), format, signal);
    },
  };
}

async function* rowsBody(
  service: QueryService,
  source: WindowSource,
  { sql, parameters, columns }: Statement,
  format: RowFormat,
  signal: AbortSignal,
): AsyncIterable<Piece> {
  if (format === 'parquet') {
    yield* service.engine.parquet(sql, parameters, signal);
    return;
  }
  const result = await service.engine.run(sql, parameters, signal);
  if (format === 'arrow') yield* arrowBody(result, columns);
  else if (format === 'log') for await (const rows of result.chunks) yield rows.map(logLine).join('');
  else yield* textBody(source, result, format);
}

async function* arrowBody(result: QueryResult, columns: Statement['columns']): AsyncIterable<Piece> {
  try {
    const stream = new ArrowStream(columns);
    yield stream.head;
    for await (const rows of result.chunks) yield stream.batch(rows);
    yield stream.end;
  } finally {
    await result.close();
  }
}

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
  yield `{${jsonHead(source)},${list}:[`;
  let before = '\n';
  for await (const rows of chunks) {
    yield before + written(rows, jsonRow, ',\n');
    before = ',\n';
  }
  yield ']}\n';
}

type RowWriter = (columns: readonly QueryColumn[], row: readonly QueryValue[]) => string;

/** The members that every JSON answer about a window begins with. */
export const jsonHead = ({ window, completeness }: WindowSource): string => headMembers(window, completeness);

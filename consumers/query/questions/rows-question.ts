// Turns the options of `rows` (from the command line or a URL) into a question, and its rows into the chosen format.
import { ArrowStream } from '../../../pipeline/rows/arrow-stream.ts';
import { linesSql, type Present, type RowsQuestion, rowsSql, type Statement } from '../../../pipeline/rows/rows-sql.ts';
import { logLine } from '../../../pipeline/rows/text-formats.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { ROW_TYPES, type RowFormat } from '../../../schemas/formats.ts';
import type { QueryResult, Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import type { Piece, Question } from './question.ts';
import { textBody } from './text-body.ts';

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
    ...{ window, lateness, overlapping, tables: ['digests'], contentType: ROW_TYPES[format] },
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

// Turns the options of `series` (from the command line or a URL) into a question, and its steps into the chosen format.
import type { Condition } from '../../../pipeline/filter/condition.ts';
import { seriesSql } from '../../../pipeline/series/series-sql.ts';
import { chosenStep } from '../../../pipeline/series/step.ts';
import { TEXT_TYPES, type TextFormat } from '../../../schemas/formats.ts';
import type { Counting } from '../../../schemas/graph.ts';
import type { Window } from '../../../schemas/query.ts';
import type { Question } from './question.ts';
import { textBody } from './text-body.ts';

export interface SeriesOptions {
  readonly window: Window;
  readonly lateness: number; // ms
  readonly overlapping: boolean;
  /** ms; null: by the window. */
  readonly step: number | null;
  readonly count: Counting;
  readonly where: Condition | null;
  readonly format: TextFormat;
}

/** Throws VF_BAD_PARAMETER for a step that is not of whole minutes. */
export function seriesQuestion(options: SeriesOptions): Question {
  const { window, lateness, overlapping, count, where, format } = options;
  const step = chosenStep(options.step, window);
  const statement = (table: string) => seriesSql(table, { window, where, count, step });
  const { sql, parameters } = statement('digests');
  return {
    ...{ window, lateness, overlapping, tables: ['digests'], contentType: TEXT_TYPES[format], binary: false },
    text: JSON.stringify(['series', format, sql, parameters.map(String)]),
    answer: async function* (service, source, signal) {
      const asked = statement(source.tables.digests);
      const result = await service.engine.run(asked.sql, asked.parameters, signal);
      yield* textBody(source, result, format, `"step":${step / 1000},"count":"${count}","points"`);
    },
  };
}

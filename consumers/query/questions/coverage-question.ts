// Turns the options of `coverage` into a question: which interfaces and minutes there is evidence for.
import { coverageSql } from '../../../pipeline/rows/coverage-sql.ts';
import { TEXT_TYPES, type TextFormat } from '../../../schemas/formats.ts';
import type { Window } from '../../../schemas/query.ts';
import type { Question } from './question.ts';
import { textBody } from './text-body.ts';

export interface CoverageOptions {
  readonly window: Window;
  readonly lateness: number; // ms
  readonly format: TextFormat;
}

export const coverageQuestion = ({ window, lateness, format }: CoverageOptions): Question => ({
  ...{ window, lateness, tables: ['digests', 'coverage'], contentType: TEXT_TYPES[format], binary: false },
  text: JSON.stringify(['coverage', format]),
  answer: async function* (service, source, signal) {
    const { sql, parameters } = coverageSql(source.tables.coverage, source.tables.digests);
    yield* textBody(source, await service.engine.run(sql, parameters, signal), format);
  },
});

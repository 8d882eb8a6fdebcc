// `vpcflow series`: bytes, packets and flows of a window in steps of time, what was rejected apart.
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { parseWindow } from '../../../pipeline/window/window.ts';
import type { Run } from '../../shared/command.ts';
import { seriesQuestion } from '../questions/series-question.ts';
import { printAnswer } from './print-answer.ts';

export const run: Run = async (context) => {
  const { start, stop, step, filter, count, overlapping, seriesFormat, lateness } = context.options;
  const now = context.clock.now();
  const window = parseWindow(start ?? undefined, stop ?? undefined, now);
  const where = compileFilter(filter ?? '', now);
  const asked = { window, lateness, overlapping, step, count, where, format: seriesFormat };
  return printAnswer(context, seriesQuestion(asked));
};

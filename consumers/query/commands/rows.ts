// `vpcflow rows`: the merged digest rows of a window, in one of six formats.
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { parseWindow } from '../../../pipeline/window/window.ts';
import type { Run } from '../../shared/command.ts';
import { rowsQuestion } from '../questions/rows-question.ts';
import { printAnswer } from './print-answer.ts';

export const run: Run = async (context) => {
  const { start, stop, columns, filter, top, overlapping, rowsFormat, lateness } = context.options;
  const now = context.clock.now();
  const window = parseWindow(start ?? undefined, stop ?? undefined, now);
  const where = compileFilter(filter ?? '', now);
  const asked = { window, lateness, overlapping, group: columns, top, where, format: rowsFormat };
  return printAnswer(context, rowsQuestion(asked));
};

// `vpcflow rows`: the merged digest rows of a window, in one of six formats.
import { parseWindow } from '../../pipeline/window.ts';
import type { Run } from '../shared/command.ts';
import { printAnswer } from './print-answer.ts';
import { rowsQuestion } from './rows-question.ts';

export const run: Run = async (context) => {
  const { start, stop, columns, top, rowsFormat, lateness } = context.options;
  const window = parseWindow(start ?? undefined, stop ?? undefined, context.clock.now());
  const question = rowsQuestion({ window, lateness, group: columns, top, where: null, format: rowsFormat });
  return printAnswer(context, question);
};

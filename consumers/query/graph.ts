// `vpcflow graph`: who talked to whom in a window, as DOT, SVG or JSON.
import { parseWindow } from '../../pipeline/window.ts';
import type { Run } from '../shared/command.ts';
import { graphQuestion } from './graph-question.ts';
import { printAnswer } from './print-answer.ts';

export const run: Run = async (context) => {
  const { start, stop, grouping, top, count, graphFormat, lateness } = context.options;
  const window = parseWindow(start ?? undefined, stop ?? undefined, context.clock.now());
  return printAnswer(context, graphQuestion({ window, lateness, group: grouping, top, count, format: graphFormat }));
};

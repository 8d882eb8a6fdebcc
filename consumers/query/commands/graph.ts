// `vpcflow graph`: who talked to whom in a window, as DOT, SVG or JSON.
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { parseWindow } from '../../../pipeline/window/window.ts';
import type { Run } from '../../shared/command.ts';
import { graphQuestion } from '../questions/graph-question.ts';
import { printAnswer } from './print-answer.ts';

export const run: Run = async (context) => {
  const { start, stop, grouping, internet, ownNetworks, filter, top, count, overlapping, graphFormat, lateness } =
    context.options;
  const now = context.clock.now();
  const window = parseWindow(start ?? undefined, stop ?? undefined, now);
  const where = compileFilter(filter ?? '', now);
  const nodes = { group: grouping, internet, ownNetworks, top };
  const question = graphQuestion({ window, lateness, overlapping, ...nodes, count, where, format: graphFormat });
  return printAnswer(context, question);
};

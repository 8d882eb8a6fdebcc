// `vpcflow diff`: what differs between a window and another one, as JSON, CSV, DOT, SVG or PNG.
import { againstWindow } from '../../../pipeline/diff/diff-windows.ts';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { parseWindow } from '../../../pipeline/window/window.ts';
import type { Run } from '../../shared/command.ts';
import { diffQuestion } from '../questions/diff-question.ts';
import { printAnswer } from './print-answer.ts';

export const run: Run = async (context) => {
  const { options } = context;
  const now = context.clock.now();
  const window = parseWindow(options.start ?? undefined, options.stop ?? undefined, now);
  const question = diffQuestion({
    ...{ window, against: againstWindow(window, options, now), incomplete: options.incomplete },
    ...{ lateness: options.lateness, group: options.grouping, internet: options.internet },
    ...{ ownNetworks: options.ownNetworks, top: options.top, count: options.count, overlapping: options.overlapping },
    ...{ where: compileFilter(options.filter ?? '', now), format: options.diffFormat },
  });
  return printAnswer(context, question);
};

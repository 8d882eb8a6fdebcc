// `vpcflow coverage`: the minutes and interfaces of a window that there is evidence for.
import { parseWindow } from '../../../pipeline/window/window.ts';
import type { Run } from '../../shared/command.ts';
import { coverageQuestion } from '../questions/coverage-question.ts';
import { printAnswer } from './print-answer.ts';

export const run: Run = async (context) => {
  const { start, stop, coverageFormat, lateness } = context.options;
  const window = parseWindow(start ?? undefined, stop ?? undefined, context.clock.now());
  return printAnswer(context, coverageQuestion({ window, lateness, format: coverageFormat }));
};

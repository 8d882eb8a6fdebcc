// Turns the options of `vpcflow rejects` into which rejects are meant.
import { type RejectSelection, reasonNamed } from '../../pipeline/rejects/selection.ts';
import { parseWindow } from '../../pipeline/window/window.ts';
import type { Window } from '../../schemas/query.ts';
import type { CommandContext } from '../shared/command.ts';

/** Which rejects are meant, and when their sources arrived; null: whenever. */
export interface Question {
  readonly selection: RejectSelection;
  readonly window: Window | null;
}

/** Throws VF_USAGE for a reason that there is not, VF_BAD_TIME, VF_BAD_WINDOW, VF_LIMIT. */
export const questionOf = ({ options, clock }: Pick<CommandContext, 'options' | 'clock'>): Question => {
  const { reason, rejectsLogGroup, start, stop } = options;
  const whole = start === null && stop === null;
  return {
    selection: { reason: reason === null ? null : reasonNamed(reason), logGroup: rejectsLogGroup },
    // Records arrive after they began: a window without an end goes on to now.
    window: whole ? null : parseWindow(start ?? undefined, stop ?? 'now', clock.now()),
  };
};

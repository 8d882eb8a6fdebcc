// Turns the length of a window into the length of the steps of its series, so that a chart has about a hundred points.
import { VpcflowError } from '../../schemas/errors.ts';
import type { Window } from '../../schemas/query.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../window/window.ts';

/** Those that divide an hour or a day; ms. */
const STEPS: readonly number[] = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];
/** More points than this make the step longer. */
const MAX_POINTS = 120;

/**
 * The shortest step of the table (1 and 5 and 15 minutes, 1 and 6 hours, 1 day) with at most 120 of it in the window:
 * up to 2, 10 and 30 hours, 5 and 30 days, and whatever is longer. In ms.
 */
export function stepFor({ start, stop }: Window): number {
  return STEPS.find((step) => stop - start <= MAX_POINTS * step) ?? DAY_MS;
}

/** The step that was asked for (ms; null: by the window). Throws VF_BAD_PARAMETER for one that is not of whole minutes. */
export function chosenStep(given: number | null, window: Window): number {
  if (given === null) return stepFor(window);
  if (given >= MINUTE_MS && given % MINUTE_MS === 0) return given;
  throw new VpcflowError('VF_BAD_PARAMETER', `a step of ${given / 1000} seconds is not of whole minutes`, {
    help: 'rows are of minutes: choose 1m, 5m, 1h and the like, or leave the step out',
  });
}

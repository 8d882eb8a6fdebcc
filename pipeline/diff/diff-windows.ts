// Turns the options of `diff` into the window to compare with, and both into the complete minutes of them.
import type { Against } from '../../schemas/diff.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Completeness, Window } from '../../schemas/query.ts';
import { formatMany } from '../quantities.ts';
import { watermarkText } from '../window/completeness.ts';
import { DAY_MS, formatTime, MINUTE_MS, parseTime, parseWindow, truncateToMinute } from '../window/window.ts';

export interface AgainstOptions {
  readonly against: Against;
  readonly againstStart: string | null;
  readonly againstStop: string | null;
}

export interface WindowPair {
  readonly window: Window;
  readonly against: Window;
}

/** Days of UTC have no other length. */

export const minutesOf = ({ start, stop }: Window): number => (stop - start) / MINUTE_MS;

/**
 * The window that `window` is compared with: the one just before it or the same a day or a week earlier, as long as
 * itself; or the one from `againstStart` to `againstStop` (without it: as long as the window), of any length.
 * Throws VF_BAD_PARAMETER, VF_BAD_TIME, VF_BAD_WINDOW, VF_LIMIT.
 */
export function againstWindow(
  window: Window,
  { against, againstStart, againstStop }: AgainstOptions,
  now: number,
): Window {
  const length = window.stop - window.start;
  if (againstStart === null) {
    if (againstStop !== null) {
      throw new VpcflowError('VF_BAD_PARAMETER', 'against-stop needs against-start beside it', {
        help: 'give both, or against-start alone for a window of the same length',
      });
    }
    const earlier = { before: length, day: DAY_MS, week: 7 * DAY_MS }[against];
    return shifted(window, -earlier);
  }
  if (against !== 'before') {
    throw new VpcflowError('VF_BAD_PARAMETER', `against ${against} and against-start name two windows`, {
      help: 'give one of them',
    });
  }
  if (againstStop !== null) return parseWindow(againstStart, againstStop, now);
  const start = truncateToMinute(parseTime(againstStart, now, 'against-start'));
  return shifted(window, start - window.start);
}

/** Throws VF_BAD_WINDOW where RFC 3339 has no year for it. */
function shifted({ start, stop }: Window, by: number): Window {
  const window = { start: start + by, stop: stop + by };
  const year = (time: number) => new Date(time).getUTCFullYear();
  if (year(window.start) >= 0 && year(window.stop) <= 9999) return window;
  throw new VpcflowError('VF_BAD_WINDOW', 'the window to compare with lies outside the years 0 to 9999');
}

/**
 * What is compared of two windows: their minutes that are complete, which are those up to the watermark less the
 * lateness while a shard is behind. Of windows of one length the same minutes are left out, so that they still have one
 * length. With `incomplete`, or where no stream ever fed the store, everything is compared.
 * @param completeness that of a window with the later stop of the two.
 * Throws VF_BAD_WINDOW where nothing is left.
 */
export function comparedWindows(
  pair: WindowPair,
  { behind, watermark, lateness }: Pick<Completeness, 'behind' | 'watermark' | 'lateness'>,
  incomplete: boolean,
): WindowPair {
  if (incomplete || behind.count === 0) return pair;
  const upTo = watermark === null ? Number.NEGATIVE_INFINITY : truncateToMinute(watermark - lateness);
  const left = ({ start, stop }: Window): number => Math.min(stop, upTo) - start;
  const lengths = { window: left(pair.window), against: left(pair.against) };
  const least = Math.min(lengths.window, lengths.against);
  if (least <= 0) {
    const { start, stop } = lengths.window === least ? pair.window : pair.against;
    const known = watermark === null ? 'nothing has been read yet' : `the watermark is ${watermarkText(watermark)}`;
    const late = formatMany(Math.round(lateness / MINUTE_MS), 'minute');
    throw new VpcflowError(
      'VF_BAD_WINDOW',
      `no minute from ${formatTime(start)} to ${formatTime(stop)} is complete: ${known}, and lines come up to ${late} late`,
      { help: 'ask for earlier minutes, or compare what is there with --incomplete (incomplete=true)' },
    );
  }
  const equal = minutesOf(pair.window) === minutesOf(pair.against);
  const cut = ({ start }: Window, length: number): Window => ({ start, stop: start + (equal ? least : length) });
  return { window: cut(pair.window, lengths.window), against: cut(pair.against, lengths.against) };
}

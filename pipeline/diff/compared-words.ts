// Says which part of two windows was compared, where that is not all of them: in a header, and on stderr.
import type { Window } from '../../schemas/query.ts';
import { formatMany } from '../quantities.ts';
import { formatTime } from '../window/window.ts';
import { minutesOf, type WindowPair } from './diff-windows.ts';

const interval = ({ start, stop }: Window): string => `${formatTime(start)}/${formatTime(stop)}`;

/** The header of every difference: the compared part of the window and of the other one, as intervals of ISO 8601. */
export const comparedHeaders = ({ window, against }: WindowPair): Record<string, string> => ({
  'x-vpcflow-compared': `${interval(window)}, ${interval(against)}`,
});

/** What was compared and how much of the two windows was not; null where nothing of them is left out. */
export function comparedRemark(asked: WindowPair, compared: WindowPair): string | null {
  const left = (name: keyof WindowPair): number => minutesOf(asked[name]) - minutesOf(compared[name]);
  const parts = [
    ...(left('window') === 0 ? [] : [`${formatMany(left('window'), 'minute')} of the window`]),
    ...(left('against') === 0 ? [] : [`${formatMany(left('against'), 'minute')} of the other one`]),
  ];
  if (parts.length === 0) return null;
  const span = ({ start, stop }: Window): string => `${formatTime(start)} to ${formatTime(stop)}`;
  const windows = `compared: ${span(compared.window)} against ${span(compared.against)}`;
  return `${windows}; left out, because not complete yet: ${parts.join(' and ')}`;
}

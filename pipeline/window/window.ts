// Turns the two times that a user gives into a window of whole minutes, or says what is wrong with them.
import { VpcflowError } from '../../schemas/errors.ts';
import type { Window } from '../../schemas/query.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The longest window that one question may span, in days; a year and a bit. */
export const MAX_WINDOW_DAYS = 400;

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const RELATIVE = /^now(?:([+-])(\d{1,9})([smhdw]))?$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Unix ms of an RFC 3339 time (any number of decimals, any offset; what is finer than a millisecond is cut off) or of
 * `now`, `now-15m`, `now+1h` with the units s, m, h, d and w. `name` says in a message which time was meant.
 * Throws VF_BAD_TIME.
 */
export function parseTime(text: string | undefined, now: number, name: string): number {
  if (text === undefined || text === '') throw new VpcflowError('VF_BAD_TIME', `${name} is missing`);
  const relative = RELATIVE.exec(text);
  if (relative) {
    const [, sign, count, unit] = relative;
    const time = sign === undefined ? now : now + Number(count) * UNIT_MS[unit] * (sign === '-' ? -1 : 1);
    return inRange(time, text, name);
  }
  const absolute = RFC3339.exec(text);
  if (!absolute) throw bad(text, name);
  const [year, month, day, hour, minute, second] = absolute.slice(1, 7).map(Number);
  const [fraction, sign, offsetHours, offsetMinutes] = absolute.slice(7);
  const calendar = new Date(0);
  calendar.setUTCFullYear(year, month - 1, day);
  if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) throw bad(text, name);
  // RFC 3339 allows second 60 (a leap second); it counts as the first of the next minute, as in Unix time.
  if (hour > 23 || minute > 59 || second > 60) throw bad(text, name);
  const offset = sign === undefined ? 0 : (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -1 : 1);
  if (sign !== undefined && (Number(offsetHours) > 23 || Number(offsetMinutes) > 59)) throw bad(text, name);
  const ms = Number((fraction ?? '').padEnd(3, '0').slice(0, 3));
  const time = calendar.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + ms;
  return inRange(time, text, name);
}

/**
 * The window of two times, each truncated down to the minute; a stop in the future is allowed.
 * Throws VF_BAD_TIME, VF_BAD_WINDOW when nothing is left between them, VF_LIMIT past MAX_WINDOW_DAYS.
 */
export function parseWindow(start: string | undefined, stop: string | undefined, now: number): Window {
  const window = {
    start: truncateToMinute(parseTime(start, now, 'start')),
    stop: truncateToMinute(parseTime(stop, now, 'stop')),
  };
  if (window.start >= window.stop) {
    const both = `start ${formatTime(window.start)} and stop ${formatTime(window.stop)}`;
    throw new VpcflowError('VF_BAD_WINDOW', `nothing lies between ${both} (times are cut to the minute)`);
  }
  const days = (window.stop - window.start) / UNIT_MS.d;
  if (days > MAX_WINDOW_DAYS) {
    throw new VpcflowError('VF_LIMIT', `the window spans ${Math.ceil(days)} days, more than ${MAX_WINDOW_DAYS}`);
  }
  return window;
}

export const truncateToMinute = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** RFC 3339 in UTC, with milliseconds only when there are any: `2026-11-20T14:05:00Z`. */
export const formatTime = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const bad = (text: string, name: string): VpcflowError =>
  new VpcflowError('VF_BAD_TIME', `${name} ${JSON.stringify(text)} is no time`);

function inRange(time: number, text: string, name: string): number {
  // Four-digit years: hour partitions and RFC 3339 have no others.
  if (time < -62_167_219_200_000 || time >= 253_402_300_800_000) throw bad(text, name);
  return time;
}

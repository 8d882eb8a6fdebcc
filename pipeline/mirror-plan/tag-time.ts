// Turns times into the texts of tags, and back.
import { formatTime } from '../window/window.ts';

/** Unix ms, cut to the second, as `2026-11-22T02:15:00Z`. */
export const tagTime = (ms: number): string => formatTime(Math.floor(ms / 1000) * 1000);

/** Unix ms of RFC 3339 in UTC; null for any other text, or none. */
export function readTagTime(text: string | undefined): number | null {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** When a session of a rule with this ttl (seconds) ends whose finding's last event was at `at`: up to the second. */
export const expiryOf = (at: number, ttl: number): number => Math.ceil(at / 1000 + ttl) * 1000;

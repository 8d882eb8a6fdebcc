// Compares this host's clock with what the services said the time was.
import { type Finding, fix, ok, unchecked, warn } from './check.ts';
import type { TimeTold } from './clients.ts';

const WARN_MS = 60_000;
const FIX_MS = 300_000;
/** What the seconds of a Date header and a slow answer leave open. */
const FINEST_S = 5;
const NTP = 'set the clock of this host, with NTP (chrony, the Amazon Time Sync Service at 169.254.169.123)';

const length = (ms: number): string => {
  const seconds = Math.round(Math.abs(ms) / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
};

/** The median of what was told, so that one service with a wrong clock of its own decides nothing. */
export const checkClock = (told: readonly TimeTold[]): Finding => {
  const sorted = told.map(({ ahead }) => ahead).sort((a, b) => a - b);
  const ahead = sorted[(sorted.length - 1) >> 1];
  if (ahead === undefined) return unchecked('clock', 'no service said the time: nothing to compare the clock with');
  const services = [...new Set(told.map(({ service }) => service))].sort().join(', ');
  const off = Math.abs(ahead);
  if (off < WARN_MS) return ok('clock', `within ${Math.max(FINEST_S, Math.ceil(off / 1000))} s of ${services}`);
  const what = `this host's clock is ${length(ahead)} ${ahead > 0 ? 'behind' : 'ahead of'} that of ${services}`;
  if (off < FIX_MS) return warn('clock', `${what}: watermarks lie by as much`, NTP);
  return fix('clock', `${what}: AWS refuses signatures that are 5 min off, and watermarks lie by as much`, NTP);
};

// Turns what is asked about mirroring, on the command line or over HTTP, into a question with its window.
import type { MirroringQuestion, SessionState } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { DAY_MS, MINUTE_MS, parseWindow, truncateToMinute } from '../../../pipeline/window/window.ts';

export interface AskedMirroring {
  readonly start: string | null;
  readonly stop: string | null;
  readonly finding: string | null;
  readonly interface: string | null;
  readonly instance: string | null;
  readonly state: SessionState;
}

/** Without a window: the last day, and of a finding whenever. Throws VF_BAD_TIME, VF_BAD_WINDOW. */
export function mirroringQuestion({ start, stop, ...rest }: AskedMirroring, now: number): MirroringQuestion {
  if (start !== null || stop !== null) return { ...rest, window: parseWindow(start ?? undefined, stop ?? 'now', now) };
  if (rest.finding !== null) return { ...rest, window: null };
  const end = truncateToMinute(now) + MINUTE_MS;
  return { ...rest, window: { start: end - DAY_MS, stop: end } };
}

// Turns the passing of days into their summaries, so that whoever asks need not read the whole audit.
import { HOUR_MS } from '../../../pipeline/window/window.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import type { Log } from '../../shared/log.ts';
import { summarizeDays } from '../../shared/mirroring/day-summaries.ts';

/** Between two looks: up to half as long again, so that of several workers one is first and the others find it done. */
const EVERY = 4 * HOUR_MS;

export interface DailySummariesOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Looks at once, and every few hours. Resolves when the signal is aborted; does not reject: nothing depends on it. */
export const summarizeDaily = async ({ store, clock, log, signal }: DailySummariesOptions): Promise<void> => {
  while (!signal.aborted) {
    try {
      const days = await summarizeDays(store, clock.now(), signal);
      if (days.length > 0) log.info({ days }, 'the audit of days that are over is summarized');
    } catch (error) {
      if (signal.aborted) return;
      const said = error instanceof VpcflowError ? error.sentence : String(error);
      log.warn({ error: said }, 'the audit of days that are over could not be summarized; it is tried again later');
    }
    await clock.sleep(EVERY * (1 + Math.random() / 2), signal);
  }
};

// Turns the passing of time into turns: each minute what has expired, ended or is in the way, and what still waits.
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { MirrorWork } from '../turn/work.ts';

const EVERY = 60_000; // ms

export interface ReconcilerOptions {
  readonly work: Pick<MirrorWork, 'turn'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends it: between two turns, or between two calls of one. */
  readonly signal: AbortSignal;
}

/**
 * Looks at once, and then each minute; a turn that takes longer is followed by the next minute's, never overlapped. One
 * that fails (the store, mostly) is logged, counted with the turns, and tried again a minute later. Resolves when the
 * signal is aborted and no turn is under way; does not reject.
 */
export const reconcile = async ({ work, clock, log, signal }: ReconcilerOptions): Promise<void> => {
  let failed = false;
  while (!signal.aborted) {
    const began = clock.now();
    try {
      await work.turn({ housekeeping: 'all', waiting: true }, signal);
      if (failed) log.info({}, 'mirroring is looked after again');
      failed = false;
    } catch (error) {
      if (signal.aborted) return;
      failed = true;
      const said = error instanceof VpcflowError ? error.sentence : String(error);
      log.error({ error: said }, 'mirroring could not be looked after; it is tried again in a minute');
    }
    await clock.sleep(EVERY - ((clock.now() - began) % EVERY), signal);
  }
};

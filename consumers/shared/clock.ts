// Turns the machine's time into the Clock that everything else is given.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../schemas/clock.ts';

/** The real time. A sleep that is cut short by its signal resolves like one that ran to its end. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    if (signal?.aborted) return;
    try {
      await delay(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};

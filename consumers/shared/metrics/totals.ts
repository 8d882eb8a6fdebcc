// Turns a worker's measurements into the sum of each counter, for the sentence that it ends with.
import type { CounterKey, Meter } from '../../../schemas/metrics.ts';
import { keysOf } from './metric-kinds.ts';

export type Totals = Readonly<Record<CounterKey, number>>;

/** A meter that adds up counters over all labels and drops everything else. */
export const totalsMeter = (): { readonly meter: Meter; readonly totals: () => Totals } => {
  const sums = new Map<CounterKey, number>(keysOf('counter').map((metric) => [metric, 0]));
  return {
    meter: {
      count: (metric, by) => void sums.set(metric, (sums.get(metric) ?? 0) + by),
      set: () => {},
      observe: () => {},
      forget: () => {},
    },
    // Every counter of the table has its sum.
    totals: () => Object.fromEntries(sums) as Totals,
  };
};

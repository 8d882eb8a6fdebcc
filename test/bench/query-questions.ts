// The questions that the benchmarks of queries ask of a day of digest rows.
import type { GraphOptions } from '../../consumers/query/questions/graph-question.ts';
import type { Window } from '../../schemas/query.ts';
import { DAY_START, HOURS } from './digest-day.ts';

const HOUR = 3_600_000;

export const DAY_WINDOW: Window = { start: DAY_START, stop: DAY_START + HOURS * HOUR };
export const QUARTER_WINDOW: Window = { start: DAY_START + 14.25 * HOUR, stop: DAY_START + 14.5 * HOUR };

export const graphOptions = (window: Window): GraphOptions & { readonly format: 'json' } => ({
  ...{ window, lateness: 0, group: 'address', internet: 'each', ownNetworks: [], top: 200, count: 'conversations' },
  format: 'json',
});

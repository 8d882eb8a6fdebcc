// Holds every window that a server opens, whichever route asks for it, to the longest that may be asked for.
import { DAY_MS, HOUR_MS } from '../../../pipeline/window/window.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';

const length = (ms: number): string =>
  ms >= 2 * DAY_MS ? `${Math.round((ms / DAY_MS) * 10) / 10} days` : `${Math.round((ms / HOUR_MS) * 100) / 100} hours`;

/** Throws VF_LIMIT for a window that is longer than `maxWindow` ms. */
export function checkLength({ start, stop }: Window, maxWindow: number): void {
  if (stop - start <= maxWindow) return;
  throw new VpcflowError('VF_LIMIT', `the window spans ${length(stop - start)}, more than ${length(maxWindow)}`, {
    help: 'ask for a smaller window, or raise --max-window',
  });
}

/** The same service, whose windows reject with VF_LIMIT where they are longer than `maxWindow` ms. */
export const withLongestWindow = (query: QueryService, maxWindow: number): QueryService => ({
  ...query,
  window: async (window, tables, options) => {
    checkLength(window, maxWindow);
    return query.window(window, tables, options);
  },
});

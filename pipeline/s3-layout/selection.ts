// Turns --accounts, --regions, --start and --stop into what of a bucket is to be read.
import type { Window } from '../../schemas/query.ts';

/** Empty lists and a null window leave nothing out. */
export interface Selection {
  readonly window: Window | null;
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
}

export const EVERYTHING: Selection = { window: null, accounts: [], regions: [] };

export const isEverything = ({ window, accounts, regions }: Selection): boolean =>
  window === null && accounts.length === 0 && regions.length === 0;

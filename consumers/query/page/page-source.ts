// Opens what the page shows: its window and, where it compares, the two windows of the comparison.
import { createHash } from 'node:crypto';
import { bothComplete } from '../../../pipeline/diff/both-complete.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import { openPair, type PairSource } from '../questions/pair-source.ts';
import type { PageOptions } from './links.ts';
import { type PageMirroring, readMirroring } from './page-mirroring.ts';
import { asProblem } from './page-problem.ts';

/** Why two windows are not compared. */
export interface NotCompared {
  readonly sentence: string;
  /** Whether there is something to compare among the minutes that are not complete. */
  readonly isIncomplete: boolean;
}

/** Of the page's window; with the warnings, identity and files of the windows that it compares too. */
export interface PageSource extends WindowSource {
  readonly shown: WindowSource;
  /** Null: nothing is compared. */
  readonly pair: PairSource | NotCompared | null;
  readonly mirroring: PageMirroring;
}

/** Throws what opening a window throws; two windows that cannot be compared are no error. */
export async function openPage(
  service: QueryService,
  options: PageOptions,
  against: Window | null,
  signal: AbortSignal,
): Promise<PageSource> {
  const { window, lateness, incomplete } = options;
  const mirroring = await readMirroring(service, window, signal);
  const shown = withIdentity(await service.window(window, ['digests'], { lateness, signal }), mirroring);
  if (against === null) return { ...shown, shown, pair: null, mirroring };
  try {
    const pair = await openPair(service, { window, against }, { lateness, incomplete, signal }).catch(notCompared);
    if ('sentence' in pair)
      return { ...shown, identity: identityOf(shown.identity, pair.sentence), shown, pair, mirroring };
    return {
      ...{ ...shown, shown, pair, mirroring },
      completeness: bothComplete(shown.completeness, pair.completeness),
      identity: identityOf(shown.identity, pair.identity),
      spoiledBy: async (error, by) => [...(await shown.spoiledBy(error, by)), ...(await pair.spoiledBy(error, by))],
      release: () => {
        shown.release();
        pair.release();
      },
    };
  } catch (error) {
    shown.release();
    throw error;
  }
}

/** What went wrong, when it is about the question; anything else is thrown again. */
export function notCompared(error: unknown): NotCompared {
  const { message, sentence } = asProblem(error);
  const isIncomplete = error instanceof VpcflowError && error.code === 'VF_BAD_WINDOW';
  return { sentence: isIncomplete ? message : sentence, isIncomplete };
}

/** The page is another one when something else was mirrored. */
const withIdentity = (source: WindowSource, mirroring: PageMirroring): WindowSource => ({
  ...source,
  identity: identityOf(source.identity, JSON.stringify(mirroring, bigintText)),
});

const bigintText = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const identityOf = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('\n')).digest('hex');

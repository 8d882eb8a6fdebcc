// Opens the two windows that a question compares: their complete minutes, and one source for both of them.
import { createHash } from 'node:crypto';
import { bothComplete } from '../../../pipeline/diff/both-complete.ts';
import { comparedWindows, type WindowPair } from '../../../pipeline/diff/diff-windows.ts';
import { MINUTE_MS } from '../../../pipeline/window/window.ts';
import type { Behind, Completeness, Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';

/** Of `window`, with the completeness, identity and files of both. */
export interface PairSource extends WindowSource {
  readonly pair: { readonly window: WindowSource; readonly against: WindowSource };
  readonly asked: WindowPair;
}

export interface PairOptions {
  readonly lateness: number; // ms
  /** Compares all minutes, those too that are not complete. */
  readonly incomplete: boolean;
  /** Rows by the time that they span. */
  readonly overlapping?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Throws VF_BAD_WINDOW where no minute of a window is complete, and what opening a window throws. */
export async function openPair(service: QueryService, asked: WindowPair, options: PairOptions): Promise<PairSource> {
  const { lateness, incomplete, overlapping = false, signal } = options;
  const { compared, behind } = incomplete
    ? { compared: asked, behind: null }
    : await completePart(service, asked, options);
  const against = await service.window(compared.against, ['digests'], { lateness, overlapping, signal });
  try {
    const window = await service.window(compared.window, ['digests'], { lateness, overlapping, signal });
    const pair = {
      window: { ...window, completeness: ofAsked(window, asked.window, behind) },
      against: { ...against, completeness: ofAsked(against, asked.against, behind) },
    };
    return {
      ...window,
      ...{ pair, asked },
      completeness: bothComplete(pair.window.completeness, pair.against.completeness),
      identity: createHash('sha256').update(`${window.identity}\n${against.identity}`).digest('hex'),
      spoiledBy: async (error, by) => [...(await window.spoiledBy(error, by)), ...(await against.spoiledBy(error, by))],
      release: () => {
        window.release();
        against.release();
      },
    };
  } catch (error) {
    against.release();
    throw error;
  }
}

/** Of a window as it was asked for: it is not complete where minutes of it are left out, which wait for shards. */
function ofAsked({ window, completeness }: WindowSource, asked: Window, behind: Behind | null): Completeness {
  const isWhole = window.start === asked.start && window.stop === asked.stop;
  return isWhole ? completeness : { ...completeness, complete: false, behind: behind ?? completeness.behind };
}

interface CompletePart {
  readonly compared: WindowPair;
  /** What the last minute of the two windows waits for. */
  readonly behind: Behind;
}

/** How far the shards are is asked with the last minute of the two windows, and with none of their rows. */
async function completePart(
  service: QueryService,
  asked: WindowPair,
  { lateness, incomplete, signal }: PairOptions,
): Promise<CompletePart> {
  const stop = Math.max(asked.window.stop, asked.against.stop);
  const last = await service.window({ start: stop - MINUTE_MS, stop }, [], { lateness, signal });
  last.release();
  return { compared: comparedWindows(asked, last.completeness, incomplete), behind: last.completeness.behind };
}

// Answers what differs between the page's window and another one: read once, drawn and listed.
import type { Diff } from '../../../schemas/diff.ts';
import type { Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import { drawDiff } from '../drawing/draw-diff.ts';
import { readDiff } from '../questions/diff-question.ts';
import { linkOf } from '../questions/graph-question.ts';
import type { PairSource } from '../questions/pair-source.ts';
import type { PageOptions } from './links.ts';
import type { PageDrawing } from './page-picture.ts';
import { asProblem } from './page-problem.ts';
import { type NotCompared, notCompared } from './page-source.ts';

/** More nodes are on no picture, and their differences in no table. */
const MOST_NODES = 200;

export interface PageDifference {
  readonly diff: Diff;
  /** Null where there is nothing to be drawn. */
  readonly drawing: PageDrawing | null;
}

/**
 * What differs between the two windows of `pair`, `against` as it was asked for. What is too large to be compared or
 * drawn is said and no error; a file that cannot be read is one, and `pair` says which it is.
 * @param timeLimit of the drawing, ms
 */
export async function pageDifference(
  service: QueryService,
  pair: PairSource,
  options: Omit<PageOptions, 'against'> & { readonly against: Window },
  timeLimit: number,
  signal: AbortSignal,
): Promise<PageDifference | NotCompared> {
  const top = Math.min(options.top ?? MOST_NODES, MOST_NODES);
  const diff = await readDiff(service, pair, { ...options, top }, signal).catch(notCompared);
  if ('sentence' in diff) return diff;
  if (diff.differences.length === 0 || hasNothingBefore(diff)) return { diff, drawing: null };
  const drawing = await drawDiff(diff, 'svg', signal, { title: false, timeLimit, link: linkOf(options) }).then(
    (svg) => ({ svg }),
    (error) => ({ problem: asProblem(error).sentence, smaller: [] }),
  );
  return { diff, drawing };
}

/** Whether the window that is compared with has no flows: then everything is new. */
export const hasNothingBefore = ({ totals }: Diff): boolean => totals.against.flows === 0n;

// Turns a difference into SVG or PNG.
import { diffDot } from '../../../pipeline/diff/diff-dot.ts';
import type { Diff } from '../../../schemas/diff.ts';
import { draw } from './draw.ts';
import type { GraphDrawingOptions } from './draw-graph.ts';
import type { PictureFormat } from './drawing-job.ts';

/** What to do about a difference of too many edges. */
export const SMALLER_DIFF =
  'ask for a coarser grouping (--group cidr24), fewer nodes (--top 30) or a filter, or for --format json or csv';

export function drawDiff(
  diff: Diff,
  format: 'svg',
  signal: AbortSignal,
  options?: GraphDrawingOptions,
): Promise<string>;
export function drawDiff(
  diff: Diff,
  format: PictureFormat,
  signal: AbortSignal,
  options?: GraphDrawingOptions,
): Promise<string | Uint8Array>;
/** Throws VF_LIMIT as `draw` does. */
export function drawDiff(
  diff: Diff,
  format: PictureFormat,
  signal: AbortSignal,
  { timeLimit, ...options }: GraphDrawingOptions = {},
): Promise<string | Uint8Array> {
  const picture = { dot: diffDot(diff, options), nodes: diff.nodes.length, edges: diff.differences.length };
  return draw(picture, format, signal, {
    ...(timeLimit === undefined ? {} : { timeLimit }),
    help: () => SMALLER_DIFF,
  });
}

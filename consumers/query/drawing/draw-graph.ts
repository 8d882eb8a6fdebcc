// Turns a graph into SVG or PNG, or says which smaller graph could be drawn.
import { graphDot } from '../../../pipeline/dot.ts';
import type { Graph, GraphNode } from '../../../schemas/graph.ts';
import { draw } from './draw.ts';
import type { PictureFormat } from './drawing-job.ts';

export interface GraphDrawingOptions {
  readonly timeLimit?: number; // ms
  /** Whether the drawing says what it shows; not needed where that stands beside it. */
  readonly title?: boolean;
  /** Where a node leads; null: nowhere. */
  readonly link?: (node: GraphNode) => string | null;
}

export function drawGraph(
  graph: Graph,
  format: 'svg',
  signal: AbortSignal,
  options?: GraphDrawingOptions,
): Promise<string>;
export function drawGraph(
  graph: Graph,
  format: PictureFormat,
  signal: AbortSignal,
  options?: GraphDrawingOptions,
): Promise<string | Uint8Array>;
/** Throws VF_LIMIT as `draw` does. */
export function drawGraph(
  graph: Graph,
  format: PictureFormat,
  signal: AbortSignal,
  { timeLimit, ...options }: GraphDrawingOptions = {},
): Promise<string | Uint8Array> {
  const picture = {
    dot: graphDot(graph, { ...options, drawnOnly: true }),
    nodes: graph.nodes.length,
    edges: graph.edges.length,
  };
  return draw(picture, format, signal, timeLimit === undefined ? {} : { timeLimit });
}

// Turns a graph into SVG or PNG, or says which smaller graph could be drawn.
import { graphDot } from '../../../pipeline/graph/dot.ts';
import { type SmallerGraph, smallerGraphs, smallerText } from '../../../pipeline/graph/smaller-graphs.ts';
import type { Graph, GraphNode } from '../../../schemas/graph.ts';
import { draw, MAX_DRAWN_EDGES, MAX_DRAWN_NODES } from './draw.ts';
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
/** Throws VF_LIMIT as `draw` does; its help names smaller graphs. */
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
  return draw(picture, format, signal, {
    ...(timeLimit === undefined ? {} : { timeLimit }),
    help: () => helpOf(graph),
  });
}

/** The graphs of the same window that could be drawn instead. */
export const drawableGraphs = (graph: Graph): readonly SmallerGraph[] =>
  smallerGraphs(graph, { nodes: MAX_DRAWN_NODES, edges: MAX_DRAWN_EDGES });

function helpOf(graph: Graph): string {
  const smaller = drawableGraphs(graph).map(smallerText);
  const ask =
    smaller.length === 0 ? 'ask for --top 20, a filter or a smaller window' : `ask for ${smaller.join(' or ')}`;
  return `${ask}, or for --format dot or json`;
}

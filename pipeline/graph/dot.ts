// Turns a graph into Graphviz DOT: quoted names as ids, sorted, with what it knows in vpcflow_ attributes.
import type { Graph, GraphNode } from '../../schemas/graph.ts';
import { formatBytes, formatCount } from '../quantities.ts';
import { completeText, watermarkText } from '../window/completeness.ts';
import { formatTime } from '../window/window.ts';
import { edgeLines } from './dot-edges.ts';
import {
  type Attributes,
  attributeList,
  EDGE_STYLE,
  GRAPH_STYLE,
  NODE_STYLE,
  OTHERS_STYLE,
  OUTSIDE_STYLE,
  UNKNOWN_STYLE,
} from './dot-style.ts';
import { quoteDot, quoteLeftLabel } from './dot-text.ts';
import { completenessText, countText, shortLabel, totalsText, windowText } from './graph-words.ts';

export interface DotOptions {
  /** Whether the drawing says what it shows. */
  readonly title?: boolean;
  /** Leaves out the edges that Graphviz would not draw: for a picture of which nobody reads the DOT. */
  readonly drawnOnly?: boolean;
  /** Where a node of the drawing leads; null: nowhere. */
  readonly link?: (node: GraphNode) => string | null;
}

export function nodeStyle({ kind, outside }: GraphNode): Attributes {
  if (kind === 'others') return OTHERS_STYLE;
  if (kind === 'unknown') return UNKNOWN_STYLE;
  return outside ? OUTSIDE_STYLE : {};
}

function nodeLine(node: GraphNode, address: string | null): string {
  const { id, label, kind, bytes_in, bytes_out } = node;
  const load = `in ${formatBytes(bytes_in)}, out ${formatBytes(bytes_out)}`;
  const exact = `${formatCount(bytes_in)} bytes in, ${formatCount(bytes_out)} out`;
  return `  ${quoteDot(id)} [${attributeList({
    label: shortLabel(label),
    tooltip: [label, ...(label === id ? [] : [id]), load, exact].join('\n'),
    ...nodeStyle(node),
    ...(address === null ? {} : { URL: address }),
    vpcflow_kind: kind,
    vpcflow_bytes_in: String(bytes_in),
    vpcflow_bytes_out: String(bytes_out),
  })}];\n`;
}

const LEGEND =
  'Green: accepted; red, dashed: rejected. \u2194: requests first, replies after (hollow head). Width: bytes, by powers of ten.';

const title = (graph: Graph): string[] => {
  const hidden = `${formatCount(graph.others.nodes)} more folded, with ${formatBytes(graph.others.bytes)}`;
  return [
    `Who talked to whom, ${windowText(graph)}`,
    `${totalsText(graph)}; ${countText(graph)}${graph.others.nodes > 0 ? `; ${hidden}` : ''}`,
    completenessText(graph),
    ...(graph.edges.length > 0 ? [LEGEND] : []),
  ];
};

const graphFacts = (graph: Graph): Attributes => ({
  vpcflow_start: formatTime(graph.start),
  vpcflow_stop: formatTime(graph.stop),
  vpcflow_complete: completeText(graph.complete),
  vpcflow_watermark: watermarkText(graph.watermark),
  vpcflow_group: graph.group,
  vpcflow_count: graph.count,
  vpcflow_flows: String(graph.totals.flows),
  vpcflow_packets: String(graph.totals.packets),
  vpcflow_bytes: String(graph.totals.bytes),
});

/** The document in pieces, one line each. The same graph and options always give the same text. */
export function* graphDot(graph: Graph, options: DotOptions = {}): Generator<string> {
  const { title: titled = true, drawnOnly = false, link = () => null } = options;
  const label = titled ? `label=${quoteLeftLabel(title(graph))}, ` : '';
  yield 'digraph "vpcflow" {\n';
  yield `  graph [${label}${attributeList({ ...GRAPH_STYLE, ...graphFacts(graph) })}];\n`;
  yield `  node [${attributeList(NODE_STYLE)}];\n`;
  yield `  edge [${attributeList(EDGE_STYLE)}];\n`;
  for (const node of graph.nodes) yield nodeLine(node, link(node));
  yield* edgeLines(graph.edges, drawnOnly);
  yield '}\n';
}

// Turns a graph into Graphviz DOT: quoted names as ids, sorted, with what it knows in vpcflow_ attributes.
import type { Graph, GraphEdge, GraphNode } from '../schemas/graph.ts';
import { completeText, watermarkText } from './completeness.ts';
import { quoteDot, quoteLabel, quoteLeftLabel } from './dot-text.ts';
import { completenessText, countText, edgeText, loadText, serviceText, totalsText, windowText } from './graph-words.ts';
import { formatBytes, formatCount } from './quantities.ts';
import { formatTime } from './window.ts';

type Attributes = Readonly<Record<string, string>>;

/** Attributes whose value a person reads: Graphviz takes HTML entities in them for what they stand for. */
const TEXTS: ReadonlySet<string> = new Set(['label', 'tooltip']);

const list = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${TEXTS.has(name) ? quoteLabel(value) : quoteDot(value)}`)
    .join(', ');

const FONT = 'Helvetica,Arial,sans-serif';
const INK = '#1f2933';

const GRAPH: Attributes = {
  rankdir: 'LR',
  bgcolor: 'white',
  fontname: FONT,
  fontsize: '13',
  fontcolor: INK,
  labelloc: 't',
  labeljust: 'l',
  nodesep: '0.1',
  ranksep: '0.8',
  outputorder: 'edgesfirst',
  pad: '0.2',
};
const NODE: Attributes = {
  shape: 'box',
  style: 'rounded,filled',
  fillcolor: '#e3f2fd',
  color: '#5b7fa6',
  penwidth: '1',
  fontname: FONT,
  fontsize: '11',
  fontcolor: INK,
  margin: '0.12,0.05',
  height: '0.3',
};
const EDGE: Attributes = { fontname: FONT, fontsize: '9', fontcolor: '#37474f', arrowsize: '0.6' };

/** An action is told by colour, by line and by arrow head, so that it is also told in black and white. */
const ACTIONS: ReadonlyMap<string | null, Attributes> = new Map([
  ['ACCEPT', { color: '#388e3c' }],
  ['REJECT', { color: '#c62828', style: 'dashed', arrowhead: 'tee' }],
]);
const OTHER_ACTION: Attributes = { color: '#757575', style: 'dotted' };

/** What is inside is a box, the internet an ellipse, what is not one thing a folder. */
function nodeStyle({ kind, outside }: GraphNode): Attributes {
  if (kind === 'others') return { shape: 'folder', style: 'filled', fillcolor: '#eceff1', color: '#90a4ae' };
  if (kind === 'unknown') return { shape: 'ellipse', style: 'filled,dashed', fillcolor: '#fafafa', color: '#90a4ae' };
  return outside ? { shape: 'ellipse', style: 'filled', fillcolor: '#fff3e0', color: '#c58a3d' } : {};
}

/** 0.6 points up to a kilobyte, and 0.3 more for each factor of ten past it: 1.5 at a megabyte, 2.4 at a gigabyte. */
const penWidth = (bytes: bigint): string => (0.6 + Math.max(0, Math.log10(Number(bytes) + 1) - 3) * 0.3).toFixed(2);

function nodeLine(node: GraphNode): string {
  const [into, out] = [formatBytes(node.bytes_in), formatBytes(node.bytes_out)];
  return `  ${quoteDot(node.id)} [${list({
    label: node.label,
    tooltip: `${node.label}\nin ${into}, out ${out}`,
    ...nodeStyle(node),
    vpcflow_kind: node.kind,
    vpcflow_bytes_in: String(node.bytes_in),
    vpcflow_bytes_out: String(node.bytes_out),
  })}];`;
}

/**
 * Of the two directions between two nodes the one with less is taken for the requests, and only it places the nodes:
 * clients come to stand left of their servers, and the other direction does not pull them back.
 */
function placing(edges: readonly GraphEdge[]): (edge: GraphEdge) => boolean {
  const loads = new Map<string, bigint>();
  const key = (from: string, to: string): string => JSON.stringify([from, to]);
  for (const { source, target, bytes } of edges) {
    loads.set(key(source, target), (loads.get(key(source, target)) ?? 0n) + bytes);
  }
  return ({ source, target }) => {
    const there = loads.get(key(source, target)) ?? 0n;
    const back = loads.get(key(target, source));
    return back === undefined || there < back || (there === back && source <= target);
  };
}

function edgeLine(edge: GraphEdge, places: boolean): string {
  const service = serviceText(edge, 3);
  return `  ${quoteDot(edge.source)} -> ${quoteDot(edge.target)} [${list({
    label: service === '' ? loadText(edge) : `${loadText(edge)}  ${service}`,
    tooltip: edgeText(edge),
    ...(ACTIONS.get(edge.action) ?? OTHER_ACTION),
    penwidth: penWidth(edge.bytes),
    ...(places ? {} : { constraint: 'false' }),
    ...edgeFacts(edge),
  })}];`;
}

/** Numbers as decimal text, lists separated by commas, times in Unix seconds; what is not known is empty. */
const edgeFacts = (edge: GraphEdge): Attributes => ({
  vpcflow_action: edge.action ?? '',
  vpcflow_protocols: edge.protocols.join(','),
  vpcflow_ports: edge.ports.join(','),
  vpcflow_flows: String(edge.flows),
  vpcflow_packets: String(edge.packets),
  vpcflow_bytes: String(edge.bytes),
  vpcflow_bytes_observed: String(edge.bytes_observed),
  vpcflow_witnesses: String(edge.witnesses),
  vpcflow_start: String(edge.start ?? ''),
  vpcflow_stop: String(edge.stop ?? ''),
});

const title = (graph: Graph): string[] => {
  const hidden = `${formatCount(graph.others.nodes)} more folded, with ${formatBytes(graph.others.bytes)}`;
  return [
    `Who talked to whom, ${windowText(graph)}`,
    `${totalsText(graph)}; ${countText(graph)}${graph.others.nodes > 0 ? `; ${hidden}` : ''}`,
    completenessText(graph),
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

/** The document in pieces, one line each. The same graph always gives the same text. Untitled: without its heading. */
export function* graphDot(graph: Graph, titled = true): Generator<string> {
  yield 'digraph "vpcflow" {\n';
  yield `  graph [${titled ? `label=${quoteLeftLabel(title(graph))}, ` : ''}${list({ ...GRAPH, ...graphFacts(graph) })}];\n`;
  yield `  node [${list(NODE)}];\n`;
  yield `  edge [${list(EDGE)}];\n`;
  for (const node of graph.nodes) yield `${nodeLine(node)}\n`;
  const places = placing(graph.edges);
  for (const edge of graph.edges) yield `${edgeLine(edge, places(edge))}\n`;
  yield '}\n';
}

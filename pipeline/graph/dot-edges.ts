// Turns the edges of a graph into lines of DOT: what each carries, and which two of them are drawn as one line.
//
// Requests and their replies are two edges. Drawn as two lines they are a tangle at a hundred edges, so the replies are
// not drawn by themselves: their edge is invisible, and the line of the requests has an arrow head at both ends and
// says both loads. Where there are many lines, only the heaviest have a label; the others have their tooltip.
import type { GraphEdge } from '../../schemas/graph.ts';
import { type Attributes, attributeList, penWidth } from './dot-style.ts';
import { quoteDot } from './dot-text.ts';
import { edgeText, loadText, serviceText } from './graph-words.ts';

/** A line, and the edge of its replies. */
interface DrawnEdge {
  readonly edge: GraphEdge;
  readonly replies: GraphEdge | null;
}

/** Past so many lines the labels would hide one another. */
const LABELLED = 80;
/** Of them for rejected traffic, which has hardly any bytes. */
const LABELLED_REJECTS = 20;

/** An action is told by colour, by line and by arrow head, so that it is also told in black and white. */
const ACTIONS: ReadonlyMap<string | null, Attributes> = new Map([
  ['ACCEPT', { color: '#388e3c' }],
  ['REJECT', { color: '#c62828', style: 'dashed', arrowhead: 'tee' }],
]);
const OTHER_ACTION: Attributes = { color: '#757575', style: 'dotted' };

const key = ({ action }: GraphEdge, from: string, to: string): string => JSON.stringify([from, to, action]);

const pairOf = ({ source, target }: GraphEdge): string => JSON.stringify([source, target].sort());

/** Of the two directions of one action the one with less is taken for the requests. */
function paired(edges: readonly GraphEdge[]): ReadonlyMap<GraphEdge, DrawnEdge> {
  const all = new Map(edges.map((edge) => [key(edge, edge.source, edge.target), edge]));
  const drawn = new Map<GraphEdge, DrawnEdge>();
  for (const edge of edges) {
    const { source, target, bytes } = edge;
    const alone = source === target || edge.action === 'REJECT'; // what was rejected has no reply
    const back = alone ? undefined : all.get(key(edge, target, source));
    if (back === undefined) drawn.set(edge, { edge, replies: null });
    else if (bytes < back.bytes || (bytes === back.bytes && source < target)) drawn.set(edge, { edge, replies: back });
  }
  return drawn;
}

const both = ({ edge, replies }: DrawnEdge): bigint => edge.bytes + (replies?.bytes ?? 0n);

const descending = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1);

/** The lines that have a label: all, or those that carry most; of equal ones the first. */
function labelled(lines: readonly DrawnEdge[]): ReadonlySet<GraphEdge> {
  const isReject = ({ edge }: DrawnEdge) => edge.action === 'REJECT';
  if (lines.length <= LABELLED) return new Set(lines.map(({ edge }) => edge));
  const rejects = lines.filter(isReject).sort((a, b) => descending(a.edge.flows, b.edge.flows));
  const loads = lines.filter((line) => !isReject(line)).sort((a, b) => descending(both(a), both(b)));
  const few = rejects.slice(0, LABELLED_REJECTS);
  return new Set([...few, ...loads.slice(0, LABELLED - few.length)].map(({ edge }) => edge));
}

const labelText = ({ edge, replies }: DrawnEdge): string => {
  const load = replies === null ? loadText(edge) : `${loadText(edge)} \u2194 ${loadText(replies)}`;
  const service = serviceText(edge.ports.length > 0 || replies === null ? edge : replies, 3);
  return service === '' ? load : `${load}  ${service}`;
};

/**
 * One line of DOT for each edge, in their order.
 * @param drawnOnly leaves out the edges that are not drawn.
 */
export function* edgeLines(edges: readonly GraphEdge[], drawnOnly: boolean): Generator<string> {
  const lines = paired(edges);
  const labels = labelled([...lines.values()]);
  // Where the two directions have different actions, both are drawn, and only the lighter one places the nodes.
  const placing = new Map<string, GraphEdge>();
  for (const edge of lines.keys()) {
    const other = placing.get(pairOf(edge));
    if (other === undefined || edge.bytes < other.bytes) placing.set(pairOf(edge), edge);
  }
  for (const edge of edges) {
    const line = lines.get(edge);
    if (line === undefined && drawnOnly) continue;
    const look =
      line === undefined ? HIDDEN : lookOf(line, labels.has(edge), placing.get(pairOf(edge))?.source === edge.source);
    const ends = `${quoteDot(edge.source)} -> ${quoteDot(edge.target)}`;
    yield `  ${ends} [${attributeList({ ...look, ...edgeFacts(edge) })}];\n`;
  }
}

const HIDDEN: Attributes = { style: 'invis', constraint: 'false' };

function lookOf(line: DrawnEdge, hasLabel: boolean, places: boolean): Attributes {
  const { edge, replies } = line;
  const tooltip = replies === null ? edgeText(edge) : `${edgeText(edge)}\n\n${edgeText(replies)}`;
  return {
    ...(hasLabel ? { label: labelText(line) } : {}),
    tooltip,
    ...(ACTIONS.get(edge.action) ?? OTHER_ACTION),
    ...(replies === null ? {} : { dir: 'both', arrowtail: 'empty' }),
    penwidth: penWidth(both(line)),
    ...(places ? {} : { constraint: 'false' }),
  };
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

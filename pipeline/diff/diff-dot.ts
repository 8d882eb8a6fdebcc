// Turns a difference into Graphviz DOT: an edge for each difference, told by colour, line, head and word.
import type { Diff, DiffClass, Difference, SideEdge } from '../../schemas/diff.ts';
import type { GraphNode } from '../../schemas/graph.ts';
import { type DotOptions, nodeStyle } from '../graph/dot.ts';
import { type Attributes, attributeList, EDGE_STYLE, GRAPH_STYLE, NODE_STYLE, penWidth } from '../graph/dot-style.ts';
import { quoteDot, quoteLeftLabel } from '../graph/dot-text.ts';
import { shortLabel } from '../graph/graph-words.ts';
import { completeText, watermarkText } from '../window/completeness.ts';
import { formatTime } from '../window/window.ts';
import { bothComplete } from './both-complete.ts';
import { differenceLabel, differenceText, diffTitle } from './diff-words.ts';

/**
 * Blue, grey, orange and violet are told apart by most eyes that do not see red and green; solid, dashed, dotted and
 * double lines by all, whatever their width and however many there are.
 */
const STYLES: Readonly<Record<DiffClass, Attributes>> = {
  added: { color: '#1565c0', fontcolor: '#0d47a1' },
  removed: { color: '#78909c', fontcolor: '#546e7a', style: 'dashed', arrowhead: 'empty' },
  changed: { color: '#ef6c00', fontcolor: '#a84300', style: 'dotted', arrowhead: 'vee' },
  flipped: { color: '#8e24aa:invis:#8e24aa', fontcolor: '#6a1b9a', dir: 'both', arrowtail: 'diamond' },
};

/** The more of a line is left out, the wider it has to be to be seen as what it is. */
const WIDER: Readonly<Record<DiffClass, number>> = { added: 1, removed: 0.4, changed: 0.8, flipped: 0.5 };

/** Past so many edges the labels would hide one another: those with most bytes have one. */
const LABELLED = 80;

const heavier = ({ before, after }: Difference): bigint => {
  const [a, b] = [before?.bytes ?? 0n, after?.bytes ?? 0n];
  return a > b ? a : b;
};

function labelled(differences: readonly Difference[]): ReadonlySet<Difference> {
  if (differences.length <= LABELLED) return new Set(differences);
  const order = (a: Difference, b: Difference): number =>
    Number(b.change === 'flipped') - Number(a.change === 'flipped') || Number(heavier(b) > heavier(a)) * 2 - 1;
  return new Set([...differences].sort(order).slice(0, LABELLED));
}

/** Of two directions the lighter one places the nodes, as in the graph. */
function placing(differences: readonly Difference[]): (difference: Difference) => boolean {
  const key = (from: string, to: string): string => JSON.stringify([from, to]);
  const loads = new Map<string, bigint>();
  for (const one of differences) {
    const pair = key(one.source, one.target);
    loads.set(pair, (loads.get(pair) ?? 0n) + heavier(one));
  }
  return ({ source, target }) => {
    const there = loads.get(key(source, target)) ?? 0n;
    const back = loads.get(key(target, source));
    return back === undefined || there < back || (there === back && source <= target);
  };
}

const nodeLine = (node: GraphNode, address: string | null): string =>
  `  ${quoteDot(node.id)} [${attributeList({
    ...{ label: shortLabel(node.label), tooltip: node.label },
    ...nodeStyle(node),
    ...(address === null ? {} : { URL: address }),
    vpcflow_kind: node.kind,
  })}];\n`;

/** Numbers as decimal text, lists separated by commas; what one side does not have is empty. */
function facts({ change, before, after, ratio }: Difference): Attributes {
  const side = (name: string, edge: SideEdge | null): Attributes => ({
    [`vpcflow_${name}_action`]: edge?.action ?? '',
    [`vpcflow_${name}_flows`]: String(edge?.flows ?? ''),
    [`vpcflow_${name}_packets`]: String(edge?.packets ?? ''),
    [`vpcflow_${name}_bytes`]: String(edge?.bytes ?? ''),
    [`vpcflow_${name}_ports`]: (edge?.ports ?? []).join(','),
  });
  return {
    vpcflow_change: change,
    vpcflow_ratio: String(ratio ?? ''),
    ...side('before', before),
    ...side('after', after),
  };
}

function edgeLine(difference: Difference, hasLabel: boolean, places: boolean): string {
  const { change, source, target, before, after } = difference;
  const tooltip = differenceText(difference);
  const rejects = (after ?? before)?.action === 'REJECT';
  return `  ${quoteDot(source)} -> ${quoteDot(target)} [${attributeList({
    ...(hasLabel ? { label: differenceLabel(difference), labeltooltip: tooltip } : {}),
    ...{ tooltip, edgetooltip: tooltip },
    ...STYLES[change],
    ...(rejects ? { arrowhead: 'tee' } : {}),
    penwidth: (Number(penWidth(heavier(difference))) + WIDER[change]).toFixed(2),
    ...(places ? {} : { constraint: 'false' }),
    ...facts(difference),
  })}];\n`;
}

function graphFacts({ window, against, totals, group, count }: Diff): Attributes {
  const { complete, watermark } = bothComplete(window.completeness, against.completeness);
  const edges = Object.entries(totals.classes).map(([name, { edges }]) => [`vpcflow_${name}`, String(edges)]);
  return {
    ...{ vpcflow_start: formatTime(window.compared.start), vpcflow_stop: formatTime(window.compared.stop) },
    vpcflow_against_start: formatTime(against.compared.start),
    vpcflow_against_stop: formatTime(against.compared.stop),
    ...{ vpcflow_complete: completeText(complete), vpcflow_watermark: watermarkText(watermark) },
    ...{ vpcflow_group: group, vpcflow_count: count },
    ...Object.fromEntries(edges),
  };
}

/** The document in pieces, one line each; the same difference always gives the same text. Unchanged edges are only counted. */
export function* diffDot(diff: Diff, { title = true, link = () => null }: DotOptions = {}): Generator<string> {
  const label = title ? `label=${quoteLeftLabel(diffTitle(diff))}, ` : '';
  yield 'digraph "vpcflow" {\n';
  yield `  graph [${label}${attributeList({ ...GRAPH_STYLE, ...graphFacts(diff) })}];\n`;
  yield `  node [${attributeList(NODE_STYLE)}];\n`;
  yield `  edge [${attributeList({ ...EDGE_STYLE, arrowsize: '0.8' })}];\n`;
  for (const node of diff.nodes) yield nodeLine(node, link(node));
  const labels = labelled(diff.differences);
  const places = placing(diff.differences);
  for (const one of diff.differences) yield edgeLine(one, labels.has(one), places(one));
  yield '}\n';
}

// Turns the edge rows of a graph query into the graph: nodes with their sums, what is folded, and the totals.
import type { Counting, Graph, GraphEdge, GraphNode, KnownGrouping, Labels, NodeKind } from '../../schemas/graph.ts';
import { prefixesOf } from '../../schemas/groupings.ts';
import type { QueryValue } from '../../schemas/query.ts';
import { isOwn } from '../address/own-networks.ts';
import { UNKNOWN_NODE } from './conversations.ts';
import { type Grouped, INTERNET_NODE } from './graph-groups.ts';

/** What a graph says of itself besides its nodes and edges; times in Unix ms. */
export interface GraphHead {
  readonly start: number;
  readonly stop: number;
  readonly complete: boolean | null;
  readonly watermark: number | null;
  readonly count: Counting;
  readonly group: KnownGrouping;
}

/** One row of `graphSql`. A null end is folded. */
interface EdgeRow {
  readonly source: string | null;
  readonly target: string | null;
  readonly sourceGrouped: boolean;
  readonly targetGrouped: boolean;
  readonly edge: Omit<GraphEdge, 'source' | 'target'>;
  readonly edges: number; // of the whole graph, folded into this one
  readonly nodes: number; // of the whole graph
}

/** The order of nodes and edges: by code point, which is also the engine's. */
export const compareText = (a: string, b: string): number => {
  const left = a[Symbol.iterator]();
  const right = b[Symbol.iterator]();
  for (;;) {
    const x = left.next();
    const y = right.next();
    if (x.done || y.done) return Number(Boolean(y.done)) - Number(Boolean(x.done));
    const difference = (x.value.codePointAt(0) ?? 0) - (y.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
};

/** The name of the node that stands for `count` others. */
export const othersName = (count: number): string => `+${count} others`;

/** Where nothing tells what things are called, they are called what they are. */
const IDS: Labels = { labelOf: (_kind, id) => id };

/**
 * The graph of the rows of one `graphSql` query. The drawn edges sum to `totals`, whatever was folded. Labels are those
 * of the window's stop.
 */
export function graphOf(
  head: GraphHead,
  { internet, own }: Pick<Grouped, 'internet' | 'own'>,
  values: Iterable<readonly QueryValue[]>,
  labels: Labels = IDS,
): Graph {
  const rows = Array.from(values, edgeRow);
  const kindOf = nodeKinds({ group: head.group, internet });
  const kept = new Map<string, NodeKind>();
  for (const row of rows) {
    if (row.source !== null) kept.set(row.source, kindOf(row.source, row.sourceGrouped));
    if (row.target !== null) kept.set(row.target, kindOf(row.target, row.targetGrouped));
  }
  const outside = isOutside(own);
  const all = rows[0]?.nodes ?? 0;
  const hidden = all - kept.size;
  const name = (id: string | null): string => id ?? othersName(hidden);
  const edges = rows
    .map((row): GraphEdge => ({ source: name(row.source), target: name(row.target), ...row.edge }))
    .sort(compareEdges);
  const folded = rows.filter((row) => row.source === null || row.target === null);
  if (hidden > 0) kept.set(name(null), 'others');
  return {
    ...head,
    nodes: nodesOf(kept, edges, (id, kind) => ({
      label: labels.labelOf(kind, id, head.stop),
      outside: outside(id, kind),
    })),
    edges,
    others: {
      nodes: hidden,
      edges: folded.reduce((sum, row) => sum + row.edges, 0),
      bytes: folded.reduce((sum, row) => sum + row.edge.bytes, 0n),
    },
    totals: {
      nodes: all,
      edges: rows.reduce((sum, row) => sum + row.edges, 0),
      flows: edges.reduce((sum, edge) => sum + edge.flows, 0n),
      packets: edges.reduce((sum, edge) => sum + edge.packets, 0n),
      bytes: edges.reduce((sum, edge) => sum + edge.bytes, 0n),
    },
  };
}

/** What a node of a graph query is, by its id and whether that names a group. */
export const nodeKinds =
  ({ group, internet }: Pick<Grouped, 'group' | 'internet'>) =>
  (id: string, grouped: boolean): NodeKind => {
    if (internet === 'one' && id === INTERNET_NODE) return 'internet';
    return grouped ? group : id === UNKNOWN_NODE ? 'unknown' : 'address';
  };

/** Services have addresses of their own on the internet; what an interface belongs to is inside. */
export function isOutside(own: readonly string[]): (id: string, kind: NodeKind) => boolean {
  const has = isOwn(own);
  return (id, kind) => {
    if (kind === 'internet' || kind === 'service') return true;
    return (kind === 'address' || prefixesOf(kind) !== null) && !has(id);
  };
}

function nodesOf(
  kinds: ReadonlyMap<string, NodeKind>,
  edges: readonly GraphEdge[],
  describe: (id: string, kind: NodeKind) => Pick<GraphNode, 'label' | 'outside'>,
): GraphNode[] {
  const incoming = new Map<string, bigint>();
  const outgoing = new Map<string, bigint>();
  for (const { source, target, bytes } of edges) {
    outgoing.set(source, (outgoing.get(source) ?? 0n) + bytes);
    incoming.set(target, (incoming.get(target) ?? 0n) + bytes);
  }
  return [...kinds]
    .map(([id, kind]) => ({
      id,
      kind,
      ...describe(id, kind),
      bytes_in: incoming.get(id) ?? 0n,
      bytes_out: outgoing.get(id) ?? 0n,
    }))
    .sort((a, b) => compareText(a.id, b.id));
}

const compareEdges = (a: GraphEdge, b: GraphEdge): number =>
  compareText(a.source, b.source) || compareText(a.target, b.target) || compareActions(a.action, b.action);

const compareActions = (a: string | null, b: string | null): number => {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareText(a, b);
};

function edgeRow(row: readonly QueryValue[]): EdgeRow {
  const [source, target, action, sourceGrouped, targetGrouped, protocols, ports, ...measures] = row;
  const [flows, packets, bytes, observed, witnesses, start, stop, edges, nodes] = measures;
  return {
    source: textOf(source),
    target: textOf(target),
    sourceGrouped: sourceGrouped === true,
    targetGrouped: targetGrouped === true,
    edge: {
      action: textOf(action),
      protocols: numbersOf(protocols),
      ports: numbersOf(ports),
      flows: integerOf(flows),
      packets: integerOf(packets),
      bytes: integerOf(bytes),
      bytes_observed: integerOf(observed),
      witnesses: Number(integerOf(witnesses)),
      start: start === null ? null : Number(integerOf(start)),
      stop: stop === null ? null : Number(integerOf(stop)),
    },
    edges: Number(integerOf(edges)),
    nodes: Number(integerOf(nodes)),
  };
}

export const textOf = (value: QueryValue): string | null => {
  if (value === null || typeof value === 'string') return value;
  throw new TypeError(`a graph query gave ${String(value)} where a name belongs`);
};

export const integerOf = (value: QueryValue): bigint => {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw new TypeError(`a graph query gave ${String(value)} where an integer belongs`);
};

export const numbersOf = (value: QueryValue): number[] => {
  if (!Array.isArray(value)) throw new TypeError(`a graph query gave ${String(value)} where a list belongs`);
  return value.filter((one) => one !== null).map((one) => Number(integerOf(one)));
};

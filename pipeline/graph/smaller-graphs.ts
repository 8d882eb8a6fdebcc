// Turns a graph that is too large to be drawn into the options with which a smaller one would be, by counting.
import type { Graph, GraphEdge, NodeKind } from '../../schemas/graph.ts';
import { prefixesOf } from '../../schemas/groupings.ts';
import { parseNetwork } from '../address/networks.ts';
import { formatMany } from '../quantities.ts';

export interface SmallerGraph {
  /** What to change of the options: those of the command line, and of a URL. */
  readonly change: { readonly group?: string; readonly internet?: 'one'; readonly top?: number };
  readonly nodes: number;
  readonly edges: number;
}

export interface GraphSize {
  readonly nodes: number;
  readonly edges: number;
}

const TOPS = [200, 100, 50, 20];
const MOST = 3;

/** The name of the node that a node becomes. */
type Fold = (id: string) => string;

/**
 * Those that fit into `limit` and have at most half of the edges, the least changed first: fewer networks before fewer
 * nodes, the most nodes first. At most three. Counted exactly, but for groups that only a query can tell.
 */
export function smallerGraphs(graph: Graph, limit: GraphSize): readonly SmallerGraph[] {
  const kinds = new Map(graph.nodes.map(({ id, kind }) => [id, kind]));
  const outside = new Set(graph.nodes.filter((node) => node.outside).map(({ id }) => id));
  const oneInternet =
    (fold: Fold): Fold =>
    (id) =>
      outside.has(id) ? 'internet' : fold(id);
  const same: Fold = (id) => id;
  const networks = [24, 16].filter((prefix) => isCoarser(graph.group, prefix));
  const folds: readonly { readonly change: SmallerGraph['change']; readonly fold: Fold }[] = [
    { change: { internet: 'one' as const }, fold: oneInternet(same) },
    ...networks.map((prefix) => ({ change: { group: `cidr${prefix}` }, fold: networkFold(prefix, kinds) })),
    ...networks.map((prefix) => ({
      ...{ change: { group: `cidr${prefix}`, internet: 'one' as const } },
      fold: oneInternet(networkFold(prefix, kinds)),
    })),
    ...tops(graph),
  ];
  const fits = ({ nodes, edges }: SmallerGraph): boolean =>
    nodes <= limit.nodes && edges <= Math.min(limit.edges, graph.edges.length / 2);
  return folds
    .map(({ change, fold }) => ({ change, ...foldedSize(graph, fold) }))
    .filter(fits)
    .slice(0, MOST);
}

/** Whether networks of that prefix are fewer than the nodes of the grouping; 64 is the prefix of IPv6. */
function isCoarser(group: string, prefix: number): boolean {
  const prefixes = prefixesOf(group);
  return group === 'address' || (prefixes !== null && prefixes.v4 > prefix);
}

const networkFold = (prefix: number, kinds: ReadonlyMap<string, NodeKind>): Fold => {
  const names = new Map<string, string>();
  return (id) => {
    let name = names.get(id);
    if (name === undefined) {
      const kind = kinds.get(id);
      const network = kind === 'others' || kind === 'internet' || kind === 'unknown' ? null : parseNetwork(id);
      const host = network?.version === 4 ? 32n - BigInt(prefix) : 64n;
      name = network === null ? id : `${network.version}/${network.bits >> host}`;
      names.set(id, name);
    }
    return name;
  };
};

function tops({ nodes }: Graph): { readonly change: { readonly top: number }; readonly fold: Fold }[] {
  const heaviest = nodes
    .filter(({ kind }) => kind !== 'others')
    .map(({ id, bytes_in, bytes_out }) => ({ id, bytes: bytes_in + bytes_out }))
    .sort((a, b) => (a.bytes === b.bytes ? 0 : a.bytes > b.bytes ? -1 : 1));
  return TOPS.filter((top) => top < heaviest.length).map((top) => {
    const kept = new Set(heaviest.slice(0, top).map(({ id }) => id));
    return { change: { top }, fold: (id) => (kept.has(id) ? id : '+others') };
  });
}

function foldedSize({ nodes, edges }: Graph, fold: Fold): GraphSize {
  const key = ({ source, target, action }: GraphEdge) => JSON.stringify([fold(source), fold(target), action]);
  return { nodes: new Set(nodes.map(({ id }) => fold(id))).size, edges: new Set(edges.map(key)).size };
}

/** `--group cidr24 --internet one (12 nodes, 80 edges)`. */
export const smallerText = ({ change, nodes, edges }: SmallerGraph): string =>
  `${Object.entries(change)
    .map(([name, value]) => `--${name} ${value}`)
    .join(' ')} (${formatMany(nodes, 'node')}, ${formatMany(edges, 'edge')})`;

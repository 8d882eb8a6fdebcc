// Reads the JSON of a graph back into the graph, with integers exact: the golden cases are written in it.

import { isOwn } from '../../pipeline/address/own-networks.ts';
import { parseExactJson } from '../../pipeline/canonical-json.ts';
import { DEFAULT_OWN_NETWORKS, type Graph, type GraphNode } from '../../schemas/graph.ts';

const BIG = new Set(['bytes_in', 'bytes_out', 'flows', 'packets', 'bytes', 'bytes_observed']);

const exact = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((one) => exact(one));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, exact(held, name)]));
  }
  return BIG.has(key) && (typeof value === 'number' || typeof value === 'bigint') ? BigInt(value) : value;
};

const isInside = isOwn(DEFAULT_OWN_NETWORKS);
const isInternet = ({ id, kind }: Omit<GraphNode, 'outside'>): boolean =>
  kind === 'internet' || ((kind === 'address' || kind.startsWith('cidr')) && !isInside(id));

export function readGraphJson(text: string): Graph {
  // The document is one that graphJson wrote; its times are turned back.
  const document = exact(parseExactJson(text)) as Omit<Graph, 'start' | 'stop' | 'watermark'> & {
    readonly start: string;
    readonly stop: string;
    readonly watermark: string;
  };
  const watermark = document.watermark === 'none' ? null : Date.parse(document.watermark);
  const nodes = document.nodes.map((node) => ({ ...node, outside: isInternet(node) }));
  return { ...document, nodes, start: Date.parse(document.start), stop: Date.parse(document.stop), watermark };
}

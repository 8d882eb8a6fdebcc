// Turns a graph into the JSON of `graph --format json`: the members in the documented order, every integer exact.
import type { Graph, GraphEdge, GraphNode } from '../../schemas/graph.ts';

type Value = string | number | bigint | boolean | null | readonly number[];

const value = (given: Value): string => (typeof given === 'bigint' ? given.toString() : JSON.stringify(given));

const object = (members: Readonly<Record<string, Value>>): string =>
  `{${Object.entries(members)
    .map(([key, held]) => `${JSON.stringify(key)}:${value(held)}`)
    .join(',')}}`;

const nodeJson = ({ id, label, kind, bytes_in, bytes_out }: GraphNode): string =>
  object({ id, label, kind, bytes_in, bytes_out });

const edgeJson = (edge: GraphEdge): string => {
  const { source, target, action, protocols, ports, flows, packets, bytes, bytes_observed, witnesses, start, stop } =
    edge;
  const what = { source, target, action, protocols, ports };
  return object({ ...what, flows, packets, bytes, bytes_observed, witnesses, start, stop });
};

const lines = (items: readonly string[]): string => (items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n]`);

/**
 * The document in pieces: one node or edge a line. It begins with `head`, the members of its window and completeness
 * (`headMembers`). Times of the window are RFC 3339, those of edges Unix seconds.
 */
export function* graphJson(graph: Graph, head: string): Generator<string> {
  const { count, group } = graph;
  yield `{${head},${object({ count, group }).slice(1, -1)},\n"nodes":${lines(graph.nodes.map(nodeJson))},\n`;
  yield `"edges":${lines(graph.edges.map(edgeJson))},\n`;
  yield `"others":${object({ ...graph.others })},\n"totals":${object({ ...graph.totals })}}\n`;
}

// What is proposed instead of a graph that is too large: counted, fitting, and at most half of it.
import { expect, test } from 'vitest';
import { smallerGraphs, smallerText } from '../../../pipeline/graph/smaller-graphs.ts';
import type { Graph, GraphEdge, GraphNode } from '../../../schemas/graph.ts';

const edge = (source: string, target: string): GraphEdge => ({
  ...{ source, target, action: 'ACCEPT', protocols: [6], ports: [443], flows: 1n, packets: 1n, bytes: 1n },
  ...{ bytes_observed: 1n, witnesses: 1, start: 0, stop: 1 },
});

/** 20 networks of 20 addresses that each talk to one server, and each address to a client of its own on the internet. */
function network(group: Graph['group'] = 'address'): Graph {
  const inside = Array.from({ length: 400 }, (_, i) => `10.${i % 2}.${i % 20}.${Math.floor(i / 20)}`);
  const outside = inside.map((_, i) => `198.51.${i % 100}.${Math.floor(i / 100)}`);
  const bytes = (i: number) => ({ bytes_in: BigInt(i), bytes_out: 0n });
  const node = (id: string, i: number, isOutside: boolean): GraphNode => ({
    ...{ id, label: id, kind: 'address', outside: isOutside, ...bytes(i) },
  });
  return {
    ...{ start: 0, stop: 60_000, complete: true, watermark: 0, count: 'conversations', group },
    nodes: [...inside.map((id, i) => node(id, i, false)), ...outside.map((id, i) => node(id, i, true))],
    edges: [...inside.map((id) => edge(id, '10.0.0.0')), ...inside.map((id, i) => edge(outside[i], id))],
    others: { nodes: 0, edges: 0, bytes: 0n },
    totals: { nodes: 800, edges: 800, flows: 1n, packets: 1n, bytes: 1n },
  };
}

test('networks first, then the heaviest; with the sizes that they would have', () => {
  const proposed = smallerGraphs(network(), { nodes: 500, edges: 2000 });
  expect(proposed).toEqual([
    { change: { group: 'cidr24' }, nodes: 120, edges: 120 },
    { change: { group: 'cidr16' }, nodes: 3, edges: 4 },
    { change: { group: 'cidr24', internet: 'one' }, nodes: 21, edges: 40 },
  ]);
  expect(smallerText(proposed[2])).toBe('--group cidr24 --internet one (21 nodes, 40 edges)');
});

test('only what fits: the heaviest nodes where a grouping cannot be counted', () => {
  const proposed = smallerGraphs(network('instance'), { nodes: 60, edges: 100 });
  expect(proposed.map(({ change }) => change)).toEqual([{ top: 50 }, { top: 20 }]);
  for (const { nodes, edges } of proposed) {
    expect(nodes).toBeLessThanOrEqual(60);
    expect(edges).toBeLessThanOrEqual(100);
  }
  expect(smallerGraphs(network(), { nodes: 1, edges: 1 })).toEqual([]);
});

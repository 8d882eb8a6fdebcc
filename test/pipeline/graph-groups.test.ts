// Which group an address belongs to, found in the rows of the window itself, in the real engine.
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckDb } from '../../consumers/shared/query/duckdb.ts';
import type { GraphQuestion } from '../../pipeline/conversations.ts';
import type { Graph } from '../../schemas/graph.ts';
import type { QueryEngine } from '../../schemas/query.ts';
import { askGraph, flow, type Row } from './ask-graph.ts';

let engine: QueryEngine;
beforeAll(async () => {
  engine = await openDuckDb({ directories: [tmpdir()] });
});
afterAll(() => engine.close());

const ask = (rows: readonly Row[], question: Partial<GraphQuestion>): Promise<Graph> =>
  askGraph(engine, rows, question);

describe('grouping by what an interface belongs to', () => {
  const group = 'interface';
  const names = (graph: Graph): string[] => graph.edges.map((edge) => `${edge.source} > ${edge.target}`);

  test('takes the side that the flow direction names', async () => {
    const rows = [flow('eni-web', '10.0.0.1', '198.51.100.7', { flow_direction: 'egress' })];
    const graph = await ask(rows, { group });
    expect(names(graph)).toEqual(['eni-web > 198.51.100.7']);
    expect(graph.nodes.map((node) => node.kind)).toEqual(['address', 'interface']);
  });

  test('finds without directions the address that is in all rows of an interface', async () => {
    const rows = [
      flow('eni-web', '203.0.113.5', '10.0.0.1'),
      flow('eni-web', '203.0.113.6', '10.0.0.1'),
      flow('eni-web', '10.0.0.1', '10.0.0.2', { dstport: 5432 }),
    ];
    expect(names(await ask(rows, { group }))).toEqual([
      '203.0.113.5 > eni-web',
      '203.0.113.6 > eni-web',
      'eni-web > 10.0.0.2',
    ]);
  });

  test('decides a single pair by what other interfaces have, then by which address is private', async () => {
    const rows = [
      flow('eni-web', '203.0.113.5', '10.0.0.1'),
      flow('eni-web', '10.0.0.1', '10.0.0.2', { dstport: 5432 }),
      flow('eni-db', '10.0.0.1', '10.0.0.2', { dstport: 5432 }),
      flow('eni-solo', '192.0.2.1', '10.0.0.9'),
    ];
    expect(names(await ask(rows, { group }))).toEqual([
      '192.0.2.1 > eni-solo',
      '203.0.113.5 > eni-web',
      'eni-web > eni-db',
    ]);
  });

  test('leaves an address alone that it cannot place', async () => {
    const pair = [flow('eni-x', '10.0.0.1', '10.0.0.2')];
    expect(names(await ask(pair, { group }))).toEqual(['10.0.0.1 > 10.0.0.2']);
    const twins = ['eni-a', 'eni-b'].map((id) => flow(id, '10.0.0.1', '192.0.2.1', { flow_direction: 'egress' }));
    expect(names(await ask(twins, { group }))).toEqual(['10.0.0.1 > 192.0.2.1']);
  });

  test('forgets a group in which an interface did not stay', async () => {
    const moved = ['i-1', 'i-2'].map((instance_id) =>
      flow('eni-a', '10.0.0.1', '192.0.2.1', { flow_direction: 'egress', instance_id }),
    );
    expect(names(await ask(moved, { group: 'instance' }))).toEqual(['10.0.0.1 > 192.0.2.1']);
    expect(names(await ask(moved, { group }))).toEqual(['eni-a > 192.0.2.1']);
  });

  test('places an IPv6 address of an interface that has both', async () => {
    const rows = [
      flow('eni-a', '2001:db8::1', '2001:db8:9::1'),
      flow('eni-a', '2001:db8::1', '2001:db8:9::2'),
      flow('eni-a', '10.0.0.1', '192.0.2.1'),
    ];
    expect(names(await ask(rows, { group }))).toEqual([
      'eni-a > 192.0.2.1',
      'eni-a > 2001:db8:9::1',
      'eni-a > 2001:db8:9::2',
    ]);
  });

  test('names the VPC, subnet and instance of both sides', async () => {
    const rows = [
      flow('eni-a', '10.0.0.1', '10.8.0.2', { flow_direction: 'egress', vpc_id: 'vpc-1', subnet_id: 'subnet-1' }),
      flow('eni-b', '10.0.0.1', '10.8.0.2', { flow_direction: 'ingress', vpc_id: 'vpc-2', instance_id: 'i-2' }),
    ];
    expect(names(await ask(rows, { group: 'vpc' }))).toEqual(['vpc-1 > vpc-2']);
    expect(names(await ask(rows, { group: 'subnet' }))).toEqual(['subnet-1 > 10.8.0.2']);
    expect(names(await ask(rows, { group: 'instance' }))).toEqual(['10.0.0.1 > i-2']);
  });
});

// Which group an address belongs to, found in the rows of the window itself, in the real engine.
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import type { Condition } from '../../../pipeline/filter/condition.ts';
import type { GraphQuestion } from '../../../pipeline/graph/conversations.ts';
import { compareText } from '../../../pipeline/graph/graph.ts';
import type { Graph } from '../../../schemas/graph.ts';
import type { QueryEngine } from '../../../schemas/query.ts';
import { type OwnedRow, referenceOwners } from '../../reference/address-owners.ts';
import { referenceEdges } from '../../reference/graph.ts';
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

describe('a filter', () => {
  const group = 'interface';
  const names = (graph: Graph): string[] => graph.edges.map((edge) => `${edge.source} > ${edge.target}`);

  test('leaves each address in the group that it has without one', async () => {
    const rows = [
      flow('eni-web', '203.0.113.5', '10.0.0.1'),
      flow('eni-web', '10.0.0.1', '10.0.0.2', { dstport: 5432 }),
      flow('eni-db', '10.0.0.1', '10.0.0.2', { dstport: 5432 }),
      flow('eni-db', '10.0.0.3', '10.0.0.2', { dstport: 5432 }),
    ];
    const where: Condition = { sql: 'digest."srcaddr" = ? AND digest."dstport" = ?', parameters: ['10.0.0.1', 5432] };
    expect(names(await ask(rows, { group }))).toContain('eni-web > eni-db');
    expect(names(await ask(rows, { group, where }))).toEqual(['eni-web > eni-db']);
    const elsewhere: Condition = { sql: 'digest."interface_id" = ?', parameters: ['eni-web'] };
    expect(names(await ask(rows, { group, where: elsewhere }))).toEqual(['203.0.113.5 > eni-web', 'eni-web > eni-db']);
  });

  const families = [
    ['10.0.0.1', '10.0.0.2', '10.0.0.3', '203.0.113.5', null],
    ['fd00::1', 'fd00::2', '2001:db8::5', null],
  ] as const;
  const row: fc.Arbitrary<OwnedRow> = fc.constantFrom(...families).chain((addresses) =>
    fc.record({
      account_id: fc.constantFrom('111122223333', '444455556666', null),
      interface_id: fc.constantFrom('eni-a', 'eni-b', 'eni-c', null),
      instance_id: fc.constantFrom('i-1', 'i-2', null),
      srcaddr: fc.constantFrom(...addresses),
      dstaddr: fc.constantFrom(...addresses),
      srcport: fc.constant(0),
      dstport: fc.constantFrom(443, 22, null),
      protocol: fc.constant(6),
      action: fc.constantFrom('ACCEPT', 'REJECT'),
      flow_direction: fc.constantFrom('egress', 'ingress', null, null, null, null),
      flows: fc.bigInt(1n, 3n),
      packets: fc.bigInt(1n, 3n),
      bytes: fc.bigInt(1n, 9n),
      start: fc.constant(1),
      end: fc.constant(2),
    }),
  );
  const filters: readonly [where: Condition | null, holds: (row: OwnedRow) => boolean][] = [
    [null, () => true],
    [{ sql: 'digest."dstport" = ?', parameters: [443] }, (one) => one.dstport === 443],
    [{ sql: 'digest."srcaddr" = ?', parameters: ['10.0.0.1'] }, (one) => one.srcaddr === '10.0.0.1'],
    [{ sql: 'digest."interface_id" = ?', parameters: ['eni-a'] }, (one) => one.interface_id === 'eni-a'],
    [{ sql: 'digest."flow_direction" IS NULL', parameters: [] }, (one) => one.flow_direction === null],
  ];
  const name = (edge: { readonly source: string; readonly target: string; readonly action: string | null }): string =>
    JSON.stringify([edge.source, edge.target, edge.action]);

  test.each([
    ['interface', 'interface_id'],
    ['instance', 'instance_id'],
  ] as const)('gives by %s the edges that the rules give, for any rows', async (grouping, column) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 14 }), fc.constantFrom(...filters), async (rows, [where, holds]) => {
        const groups = referenceOwners(rows, column);
        const expected = referenceEdges(rows.filter(holds), 'conversations', (address) =>
          address === null ? 'unknown' : (groups.get(address) ?? address),
        );
        const { edges } = await ask(rows, { group: grouping, where });
        const inOrder = (all: typeof edges | typeof expected) => [...all].sort((a, b) => compareText(name(a), name(b)));
        expect(inOrder(edges)).toEqual(inOrder(expected));
      }),
      { numRuns: 50 },
    );
  });
});

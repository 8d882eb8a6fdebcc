// What an address becomes in the graph: any grouping, with the internet in one node or not, however much is folded.
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import type { GraphQuestion } from '../../../pipeline/graph/conversations.ts';
import { compareText } from '../../../pipeline/graph/graph.ts';
import { COUNTINGS, DEFAULT_OWN_NETWORKS, type Graph, INTERNETS, type KnownGrouping } from '../../../schemas/graph.ts';
import { parseGrouping } from '../../../schemas/groupings.ts';
import type { QueryEngine } from '../../../schemas/query.ts';
import { type OwnedRow, referenceOwners } from '../../reference/address-owners.ts';
import { type ReferenceEdge, referenceEdges, referenceKept } from '../../reference/graph.ts';
import { referenceCidr, referenceInside, referenceServices, type ServiceRow } from '../../reference/graph-nodes.ts';
import { askGraph, flow, type Row } from './ask-graph.ts';

let engine: QueryEngine;
beforeAll(async () => {
  engine = await openDuckDb({ directories: [tmpdir()] });
});
afterAll(() => engine.close());

const ask = (rows: readonly Row[], question: Partial<GraphQuestion> = {}): Promise<Graph> =>
  askGraph(engine, rows, question);

type AnyRow = OwnedRow & ServiceRow;

const FAMILIES = [
  ['10.0.0.1', '10.0.0.2', '10.0.9.3', '203.0.113.5', '203.0.113.6', '100.64.0.1', null],
  ['fd00::1', 'fd00::2', '2001:db8::5', '2001:db8:0:1::5', '::1', '::ffff:192.0.2.1', null],
] as const;
const row: fc.Arbitrary<AnyRow> = fc.constantFrom(...FAMILIES).chain((addresses) =>
  fc.record({
    account_id: fc.constantFrom('111122223333', null),
    interface_id: fc.constantFrom('eni-a', 'eni-b', 'eni-c', null),
    instance_id: fc.constantFrom('i-1', 'i-2', null),
    srcaddr: fc.constantFrom(...addresses),
    dstaddr: fc.constantFrom(...addresses),
    pkt_srcaddr: fc.constantFrom(...addresses),
    pkt_dstaddr: fc.constantFrom(...addresses),
    pkt_src_aws_service: fc.constantFrom('S3', 'EC2', null, null),
    pkt_dst_aws_service: fc.constantFrom('S3', 'AMAZON', null, null),
    srcport: fc.constantFrom(0, 443),
    dstport: fc.constantFrom(443, 22, null),
    protocol: fc.constantFrom(6, 17),
    action: fc.constantFrom('ACCEPT', 'REJECT'),
    flow_direction: fc.constantFrom('egress', 'ingress', null, null, null),
    flows: fc.bigInt(1n, 3n),
    packets: fc.bigInt(1n, 3n),
    bytes: fc.bigInt(1n, 9n),
    start: fc.constant(1),
    end: fc.constant(2),
  }),
);

const GROUPINGS = [
  'address',
  'cidr24',
  'cidr8-48',
  'cidr0-0',
  'cidr32-128',
  'interface',
  'instance',
  'service',
] as const;
const OWN = fc.constantFrom(
  DEFAULT_OWN_NETWORKS,
  ['10.0.0.0/24', '2001:db8::/64'],
  ['203.0.113.5/32', '::ffff:0:0/96'],
);

/** What each address is called, by plain code. */
function naming(rows: readonly AnyRow[], group: (typeof GROUPINGS)[number], own: readonly string[], one: boolean) {
  const owners = group === 'interface' || group === 'instance' ? referenceOwners(rows, `${group}_id`, own) : new Map();
  const groups = group === 'service' ? referenceServices(rows, own) : owners;
  const [, v4, v6 = '64'] = /^cidr(\d+)(?:-(\d+))?$/.exec(group) ?? [];
  return (address: string | null): string => {
    if (address === null) return 'unknown';
    const known = group === 'service' ? groups.get(address) : undefined;
    if (one && !referenceInside(address, own)) return known ?? 'internet';
    if (v4 !== undefined) return referenceCidr(address, Number(v4), Number(v6));
    return groups.get(address) ?? address;
  };
}

const key = ({ source, target, action }: { source: string; target: string; action: string | null }): string =>
  JSON.stringify([source, target, action]);
const sorted = <T extends Parameters<typeof key>[0]>(edges: readonly T[]): T[] =>
  [...edges].sort((a, b) => compareText(key(a), key(b)));
const sum = (edges: readonly Pick<ReferenceEdge, 'flows' | 'packets' | 'bytes'>[], of: 'flows' | 'packets' | 'bytes') =>
  edges.reduce((total, edge) => total + edge[of], 0n);

describe.each(GROUPINGS)('any rows by %s', (group) => {
  test('are the edges of plain loops, and what is folded adds up', async () => {
    const question = fc.record({
      own: OWN,
      internet: fc.constantFrom(...INTERNETS),
      count: fc.constantFrom(...COUNTINGS),
      top: fc.option(fc.integer({ min: 1, max: 5 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 14 }), question, async (rows, { own, internet, count, top }) => {
        const name = naming(rows, group, own, internet === 'one');
        const whole = referenceEdges(rows, count, name);
        const kept = referenceKept(whole, top ?? Number.POSITIVE_INFINITY);
        const all = new Set(whole.flatMap((edge) => [edge.source, edge.target]));
        const others = `+${all.size - kept.size} others`;
        const drawn = referenceEdges(rows, count, (address) => (kept.has(name(address)) ? name(address) : others));
        const graph = await ask(rows, { group, own, internet, count, top });
        expect(sorted(graph.edges)).toEqual(sorted(drawn));
        const folded = whole.filter((edge) => !kept.has(edge.source) || !kept.has(edge.target));
        const hidden = { nodes: all.size - kept.size, edges: folded.length, bytes: sum(folded, 'bytes') };
        expect(graph.others).toEqual(hidden);
        for (const measure of ['flows', 'packets', 'bytes'] as const) {
          expect([sum(graph.edges, measure), graph.totals[measure]]).toEqual(Array(2).fill(sum(whole, measure)));
        }
        expect(graph.totals).toMatchObject({ nodes: all.size, edges: whole.length });
      }),
      { numRuns: 8 },
    );
  });
});

test('networks of any length and any address, as the bits say', async () => {
  const canonical = (address: string): string => referenceCidr(address, 32, 128).replace(/\/\d+$/, '');
  const sparse = fc
    .array(fc.constantFrom('0', '0', '0', 'ffff', '1', 'a0b'), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.join(':'));
  const address = fc.oneof(
    fc.ipV4(),
    fc
      .oneof(
        fc.ipV6(),
        sparse,
        fc.ipV4().map((quad) => `::ffff:${quad}`),
      )
      .map(canonical),
  );
  const lengths = fc.tuple(fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 128 }));
  await fc.assert(
    fc.asyncProperty(fc.array(address, { minLength: 20, maxLength: 20 }), lengths, async (addresses, [v4, v6]) => {
      const graph = await ask(
        addresses.map((one) => flow('eni-a', one, one)),
        { group: `cidr${v4}-${v6}` },
      );
      const expected = new Set(addresses.map((one) => referenceCidr(one, v4, v6)));
      expect(graph.nodes.map((node) => node.id)).toEqual([...expected].sort(compareText));
    }),
    { numRuns: 12 },
  );
});

describe('the nodes', () => {
  const rows = [
    flow('eni-a', '10.0.0.1', '52.95.1.1', {
      pkt_srcaddr: '10.0.0.1',
      pkt_dstaddr: '52.95.1.1',
      pkt_dst_aws_service: 'S3',
    }),
    flow('eni-a', '10.0.0.1', '203.0.113.5'),
    flow('eni-a', '10.0.0.1', '169.254.169.253'),
  ];
  const nodes = async (question: Partial<GraphQuestion>) =>
    (await ask(rows, question)).nodes.map(({ id, kind, outside }) => [id, kind, outside]);

  test('are the internet in one, and what is never there stays', async () => {
    expect(await nodes({ internet: 'one' })).toEqual([
      ['10.0.0.1', 'address', false],
      ['169.254.169.253', 'address', false],
      ['internet', 'internet', true],
    ]);
  });

  test('are AWS services, and addresses that none was said of', async () => {
    expect(await nodes({ group: 'service' })).toEqual([
      ['10.0.0.1', 'address', false],
      ['169.254.169.253', 'address', false],
      ['203.0.113.5', 'address', true],
      ['S3', 'service', true],
    ]);
  });

  test('are AWS services beside one internet', async () => {
    expect(await nodes({ group: 'service', internet: 'one' })).toEqual([
      ['10.0.0.1', 'address', false],
      ['169.254.169.253', 'address', false],
      ['S3', 'service', true],
      ['internet', 'internet', true],
    ]);
  });

  test('lie outside what is said to be one’s own', async () => {
    expect(await nodes({ group: 'cidr24', own: ['203.0.113.0/24'] })).toEqual([
      ['10.0.0.0/24', 'cidr24', true],
      ['169.254.169.0/24', 'cidr24', false],
      ['203.0.113.0/24', 'cidr24', false],
      ['52.95.1.0/24', 'cidr24', true],
    ]);
  });

  test('without packet addresses, a NAT gateway is not the service behind it', async () => {
    const nat = flow('eni-a', '10.0.0.9', '10.0.0.1', { pkt_src_aws_service: 'S3' });
    const direct = flow('eni-a', '52.95.1.1', '10.0.0.1', { pkt_src_aws_service: 'S3' });
    const { edges } = await ask([nat, direct], { group: 'service' });
    expect(edges.map(({ source }) => source)).toEqual(['10.0.0.9', 'S3']);
  });
});

test('groupings are read from their text', () => {
  const good: readonly KnownGrouping[] = ['address', 'cidr24', 'cidr0', 'cidr32-128', 'cidr16-0', 'service'];
  for (const text of good) expect(parseGrouping(text)).toBe(text);
  for (const text of ['', 'cidr', 'cidr33', 'cidr024', 'cidr8-129', 'cidr8-', 'cidr-64', 'Address', 'cidr24/64']) {
    expect(parseGrouping(text)).toBeNull();
  }
});

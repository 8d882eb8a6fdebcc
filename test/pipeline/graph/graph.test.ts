// The graph statement in the real engine against plain loops: for any rows, grouping and --top, the same edges.
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import type { GraphQuestion } from '../../../pipeline/graph/conversations.ts';
import { compareText } from '../../../pipeline/graph/graph.ts';
import { graphJson } from '../../../pipeline/graph/graph-json.ts';
import { headMembers } from '../../../pipeline/window/answer-head.ts';
import { shardCompleteness } from '../../../pipeline/window/completeness.ts';
import { type Counting, type Graph, type GraphEdge, MAX_EDGE_PORTS } from '../../../schemas/graph.ts';
import type { QueryEngine } from '../../../schemas/query.ts';
import {
  type ReferenceEdge,
  type ReferenceRow,
  referenceAddress,
  referenceEdges,
  referenceKept,
  referenceNetwork,
} from '../../reference/graph.ts';
import { askGraph, flow, type Row } from './ask-graph.ts';

let engine: QueryEngine;
beforeAll(async () => {
  engine = await openDuckDb({ directories: [tmpdir()] });
});
afterAll(() => engine.close());

const ask = (rows: readonly Row[], question: Partial<GraphQuestion> = {}): Promise<Graph> =>
  askGraph(engine, rows, question);

const ADDRESSES = ['10.1.11.1', '10.11.1.1', '10.1.11.2', '203.0.113.9', '2001:db8::1', '2001:db8:0:1::2', '::1'];

const conversation = fc.record({
  srcaddr: fc.constantFrom(...ADDRESSES, null, null),
  dstaddr: fc.constantFrom(...ADDRESSES, null, null),
  srcport: fc.constantFrom(0, 0, 443, 53, null),
  dstport: fc.constantFrom(0, 443, 22, 40000, null),
  protocol: fc.constantFrom(6, 17, null),
  action: fc.constantFrom('ACCEPT', 'REJECT', null),
});
const logged = fc.record({
  account_id: fc.constantFrom('111122223333', '444455556666', null),
  interface_id: fc.constantFrom('eni-0a', 'eni-0b', 'eni-0c', null),
  flows: fc.bigInt(1n, 5n),
  packets: fc.option(fc.bigInt(0n, 2n)),
  bytes: fc.option(fc.oneof(fc.bigInt(0n, 3n), fc.constant(2n ** 62n), fc.constant(2n ** 53n + 1n))),
  start: fc.option(fc.integer({ min: 0, max: 100 })),
  end: fc.option(fc.integer({ min: 100, max: 200 })),
});
const row: fc.Arbitrary<ReferenceRow> = fc.tuple(conversation, logged).map(([one, own]) => ({ ...one, ...own }));
/** Few conversations, so that most have several witnesses. */
const rowsOf: fc.Arbitrary<readonly ReferenceRow[]> = fc
  .array(conversation, { minLength: 1, maxLength: 12 })
  .chain((few) => fc.array(fc.tuple(fc.constantFrom(...few), logged), { maxLength: 40 }))
  .map((drawn) => drawn.map(([one, own]) => ({ ...one, ...own })));
const counting = fc.constantFrom<Counting>('conversations', 'observed');

const byName = (a: ReferenceEdge | GraphEdge, b: ReferenceEdge | GraphEdge): number =>
  compareText(JSON.stringify([a.source, a.target, a.action]), JSON.stringify([b.source, b.target, b.action]));
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

describe('the graph of any rows', () => {
  test('has the edges that the rule of one conversation and its witnesses gives', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, counting, async (rows, count) => {
        const graph = await ask(rows, { count });
        const expected = referenceEdges(rows, count, referenceAddress);
        expect([...graph.edges].sort(byName)).toEqual(
          expected.map((edge) => ({ ...edge, ports: edge.ports.slice(0, MAX_EDGE_PORTS) })).sort(byName),
        );
        expect(graph.others).toEqual({ nodes: 0, edges: 0, bytes: 0n });
      }),
      { numRuns: 60 },
    );
  });

  test('groups addresses by /24 and /64', async () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6().map(canonical), fc.constant(null));
    const some = fc.array(fc.tuple(row, address, address), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(some, async (drawn) => {
        const rows = drawn.map(([one, srcaddr, dstaddr]) => ({ ...one, srcaddr, dstaddr }));
        const graph = await ask(rows, { group: 'cidr24' });
        const expected = referenceEdges(rows, 'conversations', referenceNetwork);
        expect([...graph.edges].sort(byName)).toEqual(expected.sort(byName));
        for (const { id, kind } of graph.nodes) expect(kind).toBe(id === 'unknown' ? 'unknown' : 'cidr24');
      }),
      { numRuns: 60 },
    );
  });

  test('sums to the same totals whatever --top hides', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 9 }), counting, async (rows, top, count) => {
        const whole = await ask(rows, { count });
        const cut = await ask(rows, { count, top });
        expect(cut.totals).toEqual(whole.totals);
        for (const measure of ['flows', 'packets', 'bytes', 'bytes_observed'] as const) {
          expect(sum(cut.edges.map((edge) => edge[measure]))).toBe(sum(whole.edges.map((edge) => edge[measure])));
        }
        const kept = referenceKept(referenceEdges(rows, count, referenceAddress), top);
        const hidden = whole.edges.filter((edge) => !kept.has(edge.source) || !kept.has(edge.target));
        expect(cut.others).toEqual({
          nodes: whole.nodes.length - kept.size,
          edges: hidden.length,
          bytes: sum(hidden.map((edge) => edge.bytes)),
        });
        const others = `+${whole.nodes.length - kept.size} others`;
        const expected = referenceEdges(rows, count, (address) =>
          kept.has(referenceAddress(address)) ? referenceAddress(address) : others,
        );
        expect([...cut.edges].sort(byName)).toEqual(expected.sort(byName));
      }),
      { numRuns: 60 },
    );
  });

  test('has sorted nodes and edges, and each node the bytes of its edges', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, async (rows) => {
        const { nodes, edges } = await ask(rows, { top: 5 });
        expect(nodes.map((node) => node.id)).toEqual(nodes.map((node) => node.id).sort(compareText));
        expect(new Set(nodes.map((node) => node.id))).toEqual(
          new Set(edges.flatMap((edge) => [edge.source, edge.target])),
        );
        for (const node of nodes) {
          expect(node.bytes_in).toBe(sum(edges.filter((e) => e.target === node.id).map((e) => e.bytes)));
          expect(node.bytes_out).toBe(sum(edges.filter((e) => e.source === node.id).map((e) => e.bytes)));
        }
      }),
      { numRuns: 20 },
    );
  });
});

/** RFC 5952, by way of the URL parser, which is not what the product uses. */
const canonical = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

describe('two witnesses of one conversation', () => {
  const both = [
    flow('eni-0b', '10.0.0.1', '10.0.0.2', { bytes: 100, packets: 2, flows: 3, start: 5 }),
    flow('eni-0a', '10.0.0.1', '10.0.0.2', { bytes: 100, packets: 2, flows: 1, end: 90 }),
  ];

  test('count once: on a tie the smaller interface id speaks', async () => {
    const graph = await ask(both);
    expect(graph.edges).toMatchObject([
      { flows: 1n, packets: 2n, bytes: 100n, bytes_observed: 200n, witnesses: 2, start: 5, stop: 90 },
    ]);
  });

  test('count twice when asked for what was observed', async () => {
    const graph = await ask(both, { count: 'observed' });
    expect(graph.edges).toMatchObject([{ flows: 4n, packets: 4n, bytes: 200n, bytes_observed: 200n, witnesses: 2 }]);
  });

  test('are two attachments where a transit gateway logged it', async () => {
    const rows = ['tgw-attach-1', 'tgw-attach-2'].map((id) =>
      flow(null, '10.0.0.1', '10.9.0.2', { tgw_attachment_id: id }),
    );
    expect((await ask(rows)).edges).toMatchObject([{ bytes: 100n, bytes_observed: 200n, witnesses: 2 }]);
  });
});

describe('flows without both addresses', () => {
  const bytesOf = (rows: readonly Row[]) =>
    ask(rows).then(({ edges }) =>
      edges.map(({ bytes, bytes_observed, witnesses }) => [bytes, bytes_observed, witnesses]),
    );

  test('have no second witness that could be told, so that all of them count', async () => {
    const nobody = Array.from({ length: 10 }, (_, i) => ({
      ...flow(`eni-${i}`, '', '', { bytes: 100 * (i + 1), srcport: null, dstport: null, protocol: null }),
      ...{ srcaddr: null, dstaddr: null },
    }));
    expect(await bytesOf(nobody)).toEqual([[5500n, 5500n, 10]]);
  });

  test.each(['srcaddr', 'dstaddr'])('one of them is not enough: %s is missing', async (missing) => {
    const rows = ['eni-a', 'eni-b'].map((id) => ({ ...flow(id, '10.0.0.1', '10.0.0.2'), [missing]: null }));
    expect(await bytesOf(rows)).toEqual([[200n, 200n, 2]]);
  });
});

describe('the ports of an edge', () => {
  test('are the service ports, most bytes first, at most twenty', async () => {
    const rows = Array.from({ length: 30 }, (_, i) =>
      flow('eni-a', '10.0.0.1', '10.0.0.2', { dstport: i + 1, bytes: i }),
    );
    const [edge] = (await ask(rows)).edges;
    expect(edge.ports).toEqual(Array.from({ length: MAX_EDGE_PORTS }, (_, i) => 30 - i));
  });

  test('name the scanned port of a rejected scan, and none for ICMP', async () => {
    const scan = flow('eni-a', '192.0.2.1', '10.0.0.2', { srcport: 40000, dstport: 50000, action: 'REJECT' });
    const ping = flow('eni-a', '192.0.2.1', '10.0.0.2', { srcport: 0, dstport: 0, protocol: 1 });
    expect((await ask([scan, ping])).edges).toMatchObject([
      { action: 'ACCEPT', protocols: [1], ports: [] },
      { action: 'REJECT', protocols: [6], ports: [50000] },
    ]);
  });
});

test('the JSON is what the contract says, with integers exact', async () => {
  const rows = [
    flow('eni-a', '10.0.0.1', '10.0.0.2', { bytes: 2n ** 62n, srcport: 0, dstport: 443 }),
    flow('eni-a', '10.0.0.1', '10.0.0.2', { bytes: 2n ** 62n, dstport: 22 }),
  ];
  const head = headMembers({ start: 0, stop: 60_000 }, shardCompleteness(new Map(), 60_000, 0, 0));
  const text = [...graphJson(await ask(rows), head)].join('');
  expect(text).toContain(`"bytes":${2n ** 63n},`);
  expect(Object.keys(JSON.parse(text))).toEqual(
    'start stop complete watermark lateness behind skipdata interval warnings count group nodes edges others totals'.split(
      ' ',
    ),
  );
  expect(JSON.parse(text)).toMatchObject({
    start: '1970-01-01T00:00:00Z',
    nodes: [
      { id: '10.0.0.1', label: '10.0.0.1', kind: 'address', bytes_in: 0 },
      { id: '10.0.0.2', label: '10.0.0.2', kind: 'address', bytes_out: 0 },
    ],
    edges: [{ source: '10.0.0.1', target: '10.0.0.2', action: 'ACCEPT', protocols: [6], ports: [22, 443], start: 10 }],
  });
});

test('an empty window is an empty graph', async () => {
  const graph = await ask([], { top: 3 });
  expect(graph).toMatchObject({ nodes: [], edges: [], totals: { nodes: 0, edges: 0, flows: 0n, bytes: 0n } });
});

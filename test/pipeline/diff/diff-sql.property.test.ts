// What differs, asked of the real engine, against set arithmetic on the edges that plain loops find in each window.
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import { compareText } from '../../../pipeline/graph/graph.ts';
import type { Difference, Measures, SideEdge } from '../../../schemas/diff.ts';
import { type Counting, MAX_EDGE_PORTS } from '../../../schemas/graph.ts';
import type { QueryEngine } from '../../../schemas/query.ts';
import { type OwnedRow, referenceOwners } from '../../reference/address-owners.ts';
import {
  type ReferenceEdge,
  type ReferenceRow,
  referenceAddress,
  referenceEdges,
  referenceKept,
  referenceNetwork,
} from '../../reference/graph.ts';
import { flow } from '../graph/ask-graph.ts';
import { askDiff } from './ask-diff.ts';

let engine: QueryEngine;
beforeAll(async () => {
  engine = await openDuckDb({ directories: [tmpdir()] });
});
afterAll(() => engine.close());

const ADDRESSES = ['10.1.11.1', '10.11.1.1', '10.1.11.2', '203.0.113.9', '2001:db8::1', '::1', null] as const;

const OWN = ['10.0.0.0/8'];
const OUTSIDE: ReadonlySet<string> = new Set(['203.0.113.9', '2001:db8::1']); // loopback is nobody's internet

const conversation = fc.record({
  srcaddr: fc.constantFrom(...ADDRESSES),
  dstaddr: fc.constantFrom(...ADDRESSES),
  srcport: fc.constantFrom(0, 0, 443, 53, null),
  dstport: fc.constantFrom(0, 443, 22, 40000, null),
  protocol: fc.constantFrom(6, 17, null),
  action: fc.constantFrom('ACCEPT', 'REJECT', null),
});
const logged = fc.record({
  account_id: fc.constantFrom('111122223333', '444455556666', null),
  interface_id: fc.constantFrom('eni-0a', 'eni-0b', null),
  flows: fc.bigInt(1n, 2n),
  packets: fc.option(fc.bigInt(0n, 1n)),
  bytes: fc.option(fc.oneof(fc.bigInt(0n, 2n), fc.constant(2n ** 62n))),
  start: fc.option(fc.integer({ min: 0, max: 9 })),
  end: fc.option(fc.integer({ min: 10, max: 19 })),
  flow_direction: fc.constantFrom('egress', 'ingress', null),
  instance_id: fc.constant(null),
});
type Rows = readonly OwnedRow[];
/** Few conversations, so that windows have edges in common, and few values, so that some of these are unchanged. */
const windows: fc.Arbitrary<{ readonly window: Rows; readonly against: Rows }> = fc
  .array(conversation, { minLength: 1, maxLength: 6 })
  .chain((few) => {
    const one = fc.tuple(fc.constantFrom(...few), logged).map(([what, own]) => ({ ...what, ...own }));
    const rows = fc.array(one, { maxLength: 12 });
    return fc.oneof(
      fc.record({ window: rows, against: rows }),
      fc.tuple(rows, rows, rows).map(([a, b, c]) => ({ window: [...a, ...c], against: [...b, ...c] })),
    );
  });

/** No flow is between two versions of IP. */
const isOfOneVersion = ({ srcaddr, dstaddr }: ReferenceRow): boolean =>
  srcaddr === null || dstaddr === null || srcaddr.includes(':') === dstaddr.includes(':');

const key = ({ source, target, action }: ReferenceEdge): string => JSON.stringify([source, target, action]);
const NOTHING: Measures = { flows: 0n, packets: 0n, bytes: 0n };
const sumOf = (edges: readonly (Measures | null)[]): Measures =>
  edges.reduce<Measures>(
    (sum, edge) => ({
      flows: sum.flows + (edge?.flows ?? 0n),
      packets: sum.packets + (edge?.packets ?? 0n),
      bytes: sum.bytes + (edge?.bytes ?? 0n),
    }),
    NOTHING,
  );

interface Expected {
  readonly change: string;
  readonly source: string;
  readonly target: string;
  readonly before: ReferenceEdge | null;
  readonly after: ReferenceEdge | null;
}

/** Set arithmetic, by maps of edges. */
function differencesOf(
  before: readonly ReferenceEdge[],
  after: readonly ReferenceEdge[],
  share = [1n, 1n],
): Expected[] {
  const old = new Map(before.map((edge) => [key(edge), edge]));
  const fresh = new Map(after.map((edge) => [key(edge), edge]));
  const found: Expected[] = [];
  const opposite = (edge: ReferenceEdge, of: ReadonlyMap<string, ReferenceEdge>, not: ReadonlyMap<string, unknown>) => {
    const action = { ACCEPT: 'REJECT', REJECT: 'ACCEPT' }[edge.action ?? ''];
    if (action === undefined) return undefined;
    const other = key({ ...edge, action });
    return not.has(other) ? undefined : of.get(other);
  };
  for (const edge of after) {
    const { source, target } = edge;
    const was = old.get(key(edge));
    if (was === undefined) {
      const gone = opposite(edge, old, fresh);
      if (gone) found.push({ change: 'flipped', source, target, before: gone, after: edge });
      else found.push({ change: 'added', source, target, before: null, after: edge });
      continue;
    }
    const differs = (['flows', 'packets', 'bytes'] as const).some(
      (name) => was[name] * share[0] !== edge[name] * share[1],
    );
    found.push({ change: differs ? 'changed' : 'unchanged', source, target, before: was, after: edge });
  }
  for (const edge of before) {
    const { source, target } = edge;
    if (fresh.has(key(edge)) || opposite(edge, fresh, old)) continue;
    found.push({ change: 'removed', source, target, before: edge, after: null });
  }
  return found;
}

const ORDER = ['added', 'removed', 'changed', 'flipped'];
const actionOf = ({ before, after }: Expected | Difference): string | null => (before ?? after)?.action ?? null;
const inOrder = (a: Expected, b: Expected): number =>
  ORDER.indexOf(a.change) - ORDER.indexOf(b.change) ||
  compareText(a.source, b.source) ||
  compareText(a.target, b.target) ||
  Number(actionOf(a) === null) - Number(actionOf(b) === null) ||
  compareText(actionOf(a) ?? '', actionOf(b) ?? '');

const side = (edge: ReferenceEdge | null) => {
  if (edge === null) return null;
  const { source: _source, target: _target, ...rest } = edge;
  return { ...rest, ports: rest.ports.slice(0, MAX_EDGE_PORTS) };
};

describe('what differs between any two windows', () => {
  test.each([
    ['address', 'each', () => referenceAddress],
    ['cidr24', 'each', () => referenceNetwork],
    [
      'address',
      'one',
      () => (address: string | null) =>
        address !== null && OUTSIDE.has(address) ? 'internet' : referenceAddress(address),
    ],
    [
      'interface',
      'each',
      (rows: Rows) => {
        const owners = referenceOwners(rows, 'interface_id', OWN);
        return (address: string | null) => owners.get(address ?? '') ?? referenceAddress(address);
      },
    ],
  ] as const)('by %s, with the internet %s, is what sets of edges say', async (group, internet, naming) => {
    const questions = fc.tuple(
      windows,
      fc.constantFrom<Counting>('conversations', 'observed'),
      fc.option(fc.integer({ min: 1, max: 5 })),
    );
    await fc.assert(
      fc.asyncProperty(questions, async ([asked, count, top]) => {
        const rows = { window: asked.window.filter(isOfOneVersion), against: asked.against.filter(isOfOneVersion) };
        const name = naming([...rows.against, ...rows.window]);
        const found = await askDiff(engine, rows, { group, internet, own: OWN, count, top });
        const whole = [rows.against, rows.window].map((some) => referenceEdges(some, count, name));
        const all = new Set(whole.flat().flatMap((edge) => [edge.source, edge.target]));
        const kept = top === null ? all : referenceKept(whole.flat(), top);
        const others = `+${all.size - kept.size} others`;
        const folded = (address: string | null) => (kept.has(name(address)) ? name(address) : others);
        const [before, after] = [rows.against, rows.window].map((some) => referenceEdges(some, count, folded));
        const expected = differencesOf(before, after);
        const drawn = expected.filter(({ change }) => change !== 'unchanged').sort(foldedLast(others));
        expect(
          found.differences.map(({ change, source, target, before, after }) => ({
            change,
            source,
            target,
            before,
            after,
          })),
        ).toEqual(drawn.map((one) => ({ ...one, before: side(one.before), after: side(one.after) })));
        expect(found.totals.others).toBe(all.size - kept.size);
        for (const [i, of] of (['against', 'window'] as const).entries()) {
          const nodes = new Set(whole[i].flatMap((edge) => [edge.source, edge.target])).size;
          expect(found.totals[of]).toEqual({ nodes, edges: whole[i].length, ...sumOf(whole[i]) });
        }
        for (const [change, totals] of Object.entries(found.totals.classes)) {
          const own = expected.filter((one) => one.change === change);
          const [were, are] = [own.map((one) => one.before), own.map((one) => one.after)];
          expect([change, totals]).toEqual([change, { edges: own.length, before: sumOf(were), after: sumOf(are) }]);
        }
      }),
      { numRuns: 10 },
    );
  });
});

/** As `diffJson` has it; what is no safe integer loses as much here as where the text is read. */
function line({ change, source, target, before, after, ratio }: Difference): object {
  const numbers = (edge: SideEdge | null) => {
    if (edge === null) return {};
    const { action: _action, flows, packets, bytes, bytes_observed, ...rest } = edge;
    return {
      ...{ ...rest, flows: Number(flows), packets: Number(packets), bytes: Number(bytes) },
      bytes_observed: Number(bytes_observed),
    };
  };
  const sides = { before: numbers(before), after: numbers(after) };
  const action = (before ?? after)?.action;
  if (change === 'flipped') {
    return { source, target, before: before?.action, after: after?.action, ratio, edges: sides };
  }
  return { source, target, action, ...(change === 'changed' ? { ...sides, ratio } : numbers(before ?? after)) };
}

test('the text of a difference says what its values say', async () => {
  const asked = fc.tuple(windows, fc.option(fc.integer({ min: 1, max: 5 })));
  await fc.assert(
    fc.asyncProperty(asked, async ([rows, top]) => {
      const found = await askDiff(engine, rows, { top, minutes: { window: 7, against: 3 } });
      const written = await found.written();
      expect(written.map(({ change }) => change)).toEqual(found.differences.map(({ change }) => change));
      expect(written.map(({ text }) => JSON.parse(text))).toEqual(found.differences.map(line));
    }),
    { numRuns: 10 },
  );
});

/** The node of all others comes after every name. */
const foldedLast =
  (others: string) =>
  (a: Expected, b: Expected): number => {
    const last = (id: string): string => (id === others ? '\u{10ffff}' : id);
    const named = (one: Expected) => ({ ...one, source: last(one.source), target: last(one.target) });
    return inOrder(named(a), named(b));
  };

const ratios = (differences: readonly Difference[]) => differences.map(({ change, ratio }) => [change, ratio]);

describe('windows of different lengths', () => {
  const before = [flow('eni-0a', '10.0.0.1', '10.0.0.2', { bytes: 1000, packets: 20, flows: 10 })];
  const minutes = { window: 15, against: 150 };

  test('are compared by the minute: a tenth in a tenth of the time is no change', async () => {
    const window = [flow('eni-0a', '10.0.0.1', '10.0.0.2', { bytes: 100, packets: 2, flows: 1 })];
    expect(ratios((await askDiff(engine, { window, against: before }, { minutes })).differences)).toEqual([]);
    expect(ratios((await askDiff(engine, { window, against: before })).differences)).toEqual([['changed', 0.1]]);
  });

  test('have the ratio of bytes a minute', async () => {
    const window = [flow('eni-0a', '10.0.0.1', '10.0.0.2', { bytes: 320, packets: 2, flows: 1 })];
    const [[, ratio]] = ratios((await askDiff(engine, { window, against: before }, { minutes })).differences);
    expect(ratio).toBeCloseTo(3.2, 10);
  });
});

test('what an address belongs to is decided by both windows together', async () => {
  const own = { subnet_id: 'subnet-a', flow_direction: 'egress' };
  const against = [flow('eni-0a', '10.0.0.1', '10.0.0.2', own)];
  // The window's only row does not say which side the interface is on.
  const window = [flow('eni-0a', '10.0.0.1', '10.0.0.2', { subnet_id: 'subnet-a' })];
  const { differences, totals } = await askDiff(engine, { window, against }, { group: 'subnet' });
  expect([differences, totals.classes.unchanged.edges]).toEqual([[], 1]);
});

test('a ratio is there only where bytes were before', async () => {
  const [a, b] = [flow('eni-0a', '10.0.0.1', '10.0.0.2', { bytes: null }), flow('eni-0a', '10.0.0.1', '10.0.0.2')];
  expect(ratios((await askDiff(engine, { window: [b], against: [a] })).differences)).toEqual([['changed', null]]);
  expect(ratios((await askDiff(engine, { window: [a], against: [b] })).differences)).toEqual([['changed', 0]]);
});

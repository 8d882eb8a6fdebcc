// A series against a naive count of the same rows, and its sums against the totals of the graph.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import { graphSql } from '../../../pipeline/graph/conversations.ts';
import { graphOf } from '../../../pipeline/graph/graph.ts';
import { type SeriesQuestion, seriesSql } from '../../../pipeline/series/series-sql.ts';
import { MINUTE_MS } from '../../../pipeline/window/window.ts';
import type { Counting } from '../../../schemas/graph.ts';
import type { QueryEngine, QueryStep, QueryValue } from '../../../schemas/query.ts';

let engine: QueryEngine;
beforeAll(async () => {
  engine = await openDuckDb({ directories: [] });
});
afterAll(() => engine.close());

const BASE = Date.parse('2026-11-20T05:00:00Z');

interface Flow {
  readonly minute: number; // after BASE
  readonly interface_id: string | null;
  readonly srcaddr: string | null;
  readonly dstport: number;
  readonly action: string | null;
  readonly packets: number;
  readonly bytes: number;
}

const flow: fc.Arbitrary<Flow> = fc.record({
  minute: fc.integer({ min: 0, max: 29 }),
  interface_id: fc.constantFrom('eni-a', 'eni-b', 'eni-c', null),
  srcaddr: fc.constantFrom('10.0.0.1', '10.0.0.2', null),
  dstport: fc.constantFrom(443, 22),
  action: fc.constantFrom('ACCEPT', 'REJECT', null),
  packets: fc.integer({ min: 0, max: 3 }),
  bytes: fc.integer({ min: 0, max: 3 }),
});

const literal = (value: string | number | null, type: string): string =>
  `${typeof value === 'string' ? `'${value}'` : value}::${type}`;

const tableOf = (flows: readonly Flow[]): string => {
  const tuples = flows.map(
    ({ minute, interface_id, srcaddr, dstport, action, packets, bytes }) =>
      `(${[
        `TIMESTAMPTZ '${new Date(BASE + minute * MINUTE_MS).toISOString()}'`,
        literal('111122223333', 'VARCHAR'),
        ...[literal(interface_id, 'VARCHAR'), literal(srcaddr, 'VARCHAR'), literal('10.0.1.9', 'VARCHAR')],
        ...[literal(0, 'INTEGER'), literal(dstport, 'INTEGER'), literal(6, 'INTEGER'), literal(action, 'VARCHAR')],
        ...[1, packets, bytes, 1, 2].map((n) => literal(n, 'BIGINT')),
        ...[literal(null, 'VARCHAR'), literal(null, 'VARCHAR')],
      ].join(', ')})`,
  );
  const names =
    'minute, account_id, interface_id, srcaddr, dstaddr, srcport, dstport, protocol, action, flows, packets, bytes, ' +
    '"start", "end", resource_id, tgw_attachment_id';
  return `(SELECT * FROM (VALUES ${tuples.join(', ')}) t(${names}))`;
};

const ask = async (sql: string, first?: QueryStep): Promise<(readonly QueryValue[])[]> => {
  const found: (readonly QueryValue[])[] = [];
  const { chunks } = await engine.run(sql, [], undefined, first);
  for await (const chunk of chunks) found.push(...chunk);
  return found;
};

const sum = (values: readonly QueryValue[]): bigint =>
  values.reduce<bigint>((all, value) => all + BigInt(Number(value)), 0n);

const WINDOW = { start: BASE, stop: BASE + 30 * MINUTE_MS };

const series = (flows: readonly Flow[], question: Partial<SeriesQuestion> = {}) =>
  ask(
    seriesSql(tableOf(flows), { window: WINDOW, where: null, count: 'conversations', step: 300_000, ...question }).sql,
  );

/** Minute, action, flows, packets, bytes of each step, of the flows as they are. */
const naive = (flows: readonly Flow[], step: number): QueryValue[][] => {
  const points = new Map<string, [number, string | null, bigint, bigint, bigint]>();
  for (const { minute, action, packets, bytes } of flows) {
    const at = Math.floor((BASE + minute * MINUTE_MS) / step) * step;
    const point = points.get(`${at} ${action}`) ?? [at, action, 0n, 0n, 0n];
    points.set(`${at} ${action}`, [at, action, point[2] + 1n, point[3] + BigInt(packets), point[4] + BigInt(bytes)]);
  }
  return [...points.values()].sort((a, b) => a[0] - b[0] || ((a[1] ?? '~') < (b[1] ?? '~') ? -1 : 1));
};

test('observed counts are those of a naive count', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(flow, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(1, 5, 7, 15, 60),
      async (flows, minutes) => {
        const step = minutes * MINUTE_MS;
        expect(await series(flows, { count: 'observed', step })).toEqual(naive(flows, step));
      },
    ),
    { numRuns: 60 },
  );
});

test('the sums are the totals of the graph of the same question, whatever the step', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(flow, { minLength: 1, maxLength: 30 }),
      fc.constantFrom<Counting>('conversations', 'observed'),
      fc.constantFrom(1, 5, 60),
      async (flows, count, minutes) => {
        const points = await series(flows, { count, step: minutes * MINUTE_MS });
        const nodes = { group: 'address', internet: 'each', own: [] } as const;
        const question = { source: tableOf(flows), ...nodes, count, top: null, limit: 1000 } as const;
        const head = { ...WINDOW, complete: null, watermark: null, group: 'address', count } as const;
        const statements = graphSql(question);
        const { edges } = graphOf(head, question, await ask(statements.edges, statements.logged));
        for (const action of ['ACCEPT', 'REJECT', null]) {
          const drawn = edges.filter((edge) => edge.action === action);
          const sums = [2, 3, 4].map((i) =>
            sum(points.filter((point) => point[1] === action).map((point) => point[i])),
          );
          expect(sums).toEqual([
            sum(drawn.map(({ flows }) => flows)),
            sum(drawn.map(({ packets }) => packets)),
            sum(drawn.map(({ bytes }) => bytes)),
          ]);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('of two witnesses the better one of the whole window counts in every step', async () => {
  const talk = { srcaddr: '10.0.0.1', dstport: 443, action: 'ACCEPT', packets: 1 };
  const flows = [
    { ...talk, minute: 0, interface_id: 'eni-a', bytes: 10 },
    { ...talk, minute: 0, interface_id: 'eni-b', bytes: 11 },
    { ...talk, minute: 5, interface_id: 'eni-a', bytes: 100 },
    { ...talk, minute: 5, interface_id: 'eni-b', bytes: 90 },
  ];
  expect((await series(flows)).map((point) => point[4])).toEqual([10n, 100n]);
  expect((await series(flows, { count: 'observed' })).map((point) => point[4])).toEqual([21n, 190n]);
});

test('a filter comes before the witnesses are merged; what began before the window is in its first step', async () => {
  const talk = { srcaddr: '10.0.0.1', interface_id: 'eni-a', action: 'ACCEPT', packets: 1, bytes: 5 };
  const flows = [
    { ...talk, minute: 2, dstport: 443 },
    { ...talk, minute: 11, dstport: 443 },
    { ...talk, minute: 11, dstport: 22 },
  ];
  const window = { start: BASE + 10 * MINUTE_MS, stop: WINDOW.stop };
  const where = { sql: 'digest."dstport" = 443', parameters: [] };
  for (const count of ['conversations', 'observed'] as const) {
    expect(await series(flows, { window, where, count })).toEqual([[window.start, 'ACCEPT', 2n, 2n, 10n]]);
  }
});

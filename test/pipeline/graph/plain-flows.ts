// Turns plain flows (see test/reference/digest.ts) into what the digest takes, and a digest's rows back into plain rows.
import fc from 'fast-check';
import { Digest } from '../../../pipeline/digest/digest.ts';
import {
  ROW_END,
  ROW_FLOWS,
  ROW_KEYS,
  ROW_MINUTE,
  ROW_START,
  ROW_TCP_FLAGS,
  sumWord,
} from '../../../pipeline/digest/row-layout.ts';
import { sortedRows } from '../../../pipeline/digest/row-order.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { Flow, NULL } from '../../../pipeline/flow.ts';
import { KEY_FIELDS, KEY_INDEX, SUM_FIELDS } from '../../../schemas/columns.ts';
import { DEFAULT_FORMAT, FIELD_BY_ID, TRANSIT_GATEWAY_FORMAT } from '../../../schemas/fields.ts';
import type { PlainFlow, PlainRow } from '../../reference/digest.ts';

const keysOf = (ids: readonly string[]): Int32Array =>
  Int32Array.from(ids.flatMap((id) => KEY_INDEX.get(FIELD_BY_ID.get(id)?.column ?? '') ?? [])).sort();

const formatIds = (format: string): string[] => [...format.matchAll(/\$\{([^}]+)\}/g)].map((match) => match[1]);

const DEFAULT_IDS = formatIds(DEFAULT_FORMAT);

/** Key columns of some formats: the default, a custom one of version 5, the transit gateway's, one with everything. */
export const COLUMN_SETS: readonly Int32Array[] = [
  keysOf(DEFAULT_IDS),
  keysOf([...DEFAULT_IDS, 'vpc-id', 'az-id', 'pkt-srcaddr', 'traffic-path', 'flow-direction']),
  keysOf(formatIds(TRANSIT_GATEWAY_FORMAT)),
  keysOf(KEY_FIELDS.map((f) => f.id)),
];

/** Adds the flows to a digest of their own, each in the narrowest format that has its keys. */
export const digestOf = (flows: readonly PlainFlow[], pool = new StringPool()): Digest => {
  const digest = new Digest(pool);
  for (const flow of flows) if (!digest.add(toFlow(flow, pool))) throw new Error('a sum would overflow');
  return digest;
};

/** The flow as the line reader would leave it; words that its format lacks hold what an earlier line left there. */
export const toFlow = (plain: PlainFlow, pool: StringPool, columns = narrowest(plain)): Flow => {
  const flow = new Flow();
  flow.columns = columns;
  flow.keys.fill(0x1234);
  for (const column of columns) {
    const value = plain.keys[KEY_FIELDS[column].column] ?? null;
    flow.keys[column] = value === null ? NULL : typeof value === 'string' ? pool.internText(value) : value;
  }
  flow.minute = plain.minute;
  flow.start = plain.start ?? NULL;
  flow.end = plain.end ?? NULL;
  flow.tcpFlags = plain.tcpFlags ?? NULL;
  SUM_FIELDS.forEach((f, i) => {
    flow.sums[i] = plain.sums[f.column] ?? NULL;
  });
  return flow;
};

const narrowest = (plain: PlainFlow): Int32Array => {
  const needed = Object.keys(plain.keys).map((name) => KEY_INDEX.get(name)!);
  return COLUMN_SETS.find((columns) => needed.every((column) => columns.includes(column)))!;
};

/** The digest's rows in sorted order. */
export const rowsOf = (digest: Digest): PlainRow[] =>
  Array.from(sortedRows(digest), (row) => {
    const { layout } = digest;
    const words = new Int32Array(layout.stride);
    digest.copyRow(row, words, 0);
    const wide = (word: number): bigint | null => {
      const value = (BigInt(words[word + 1]) << 32n) | BigInt(words[word] >>> 0);
      return value < 0n ? null : value;
    };
    return {
      minute: words[ROW_MINUTE],
      keys: KEY_FIELDS.map((f, i) => {
        const place = layout.keys.indexOf(i);
        const word = place < 0 ? NULL : words[ROW_KEYS + place];
        return word === NULL ? null : f.kind === 'int32' ? word : digest.pool.text(word);
      }),
      flows: BigInt(words[ROW_FLOWS]),
      sums: SUM_FIELDS.map((_, i) => (i < layout.sums ? wide(sumWord(layout, i)) : null)),
      start: wide(ROW_START),
      end: wide(ROW_END),
      tcpFlags: words[ROW_TCP_FLAGS] === NULL ? null : words[ROW_TCP_FLAGS],
    };
  });

const FIRST_MINUTE = 28_333_333; // 2023-11-14
const TEXTS = ['', '-', '10.0.0.1', '10.0.0.10', '10.0.0.2', '2001:db8::1', 'Ä', 'ä', '中文', '🐟', '\uffff', 'a b'];
const measure = fc.oneof(fc.nat(100), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));

const keyValue = (column: number): fc.Arbitrary<string | number> =>
  KEY_FIELDS[column].kind === 'int32' ? fc.constantFrom(0, 6, 443, 65_535, 2 ** 31 - 1) : fc.constantFrom(...TEXTS);

const keysIn = (columns: Int32Array): fc.Arbitrary<Record<string, string | number | undefined>> =>
  fc.record(Object.fromEntries(Array.from(columns, (column) => [KEY_FIELDS[column].column, keyValue(column)])), {
    requiredKeys: [],
  });

/** Flows with few distinct keys over three hours, so that many merge. */
export const plainFlow: fc.Arbitrary<PlainFlow> = fc.record({
  minute: fc.constantFrom(0, 1, 26, 27, 87, 88).map((n) => FIRST_MINUTE + n),
  keys: fc.oneof(
    { weight: 6, arbitrary: fc.record({ srcaddr: fc.constantFrom(...TEXTS), dstport: fc.constantFrom(0, 443) }) },
    { weight: 3, arbitrary: fc.constantFrom(...COLUMN_SETS).chain(keysIn) },
  ),
  sums: fc.record(Object.fromEntries(SUM_FIELDS.map((f) => [f.column, measure])), { requiredKeys: [] }),
  start: fc.option(fc.integer({ min: 1_700_000_000, max: 4_100_000_000 })),
  end: fc.option(fc.oneof(fc.integer({ min: 1_700_000_000, max: 4_100_000_000 }), fc.constant(2 ** 53 - 1))),
  tcpFlags: fc.option(fc.constantFrom(0, 1, 2, 16, 18)),
});

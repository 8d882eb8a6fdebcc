// Turns flows into merged rows the plain way: a Map of objects with bigint sums, sorted by a comparator. Slow and
// obvious; the property tests hold the real digest against it.
import { KEY_FIELDS, SUM_FIELDS } from '../../schemas/columns.ts';

/** One flow as values; a key that is not there is NULL. */
export interface PlainFlow {
  readonly minute: number;
  readonly keys: Readonly<Record<string, string | number | undefined>>;
  readonly sums: Readonly<Record<string, number | undefined>>;
  readonly start: number | null;
  readonly end: number | null;
  readonly tcpFlags: number | null;
}

/** One merged row; every column is there. */
export interface PlainRow {
  readonly minute: number;
  readonly keys: readonly (string | number | null)[]; // KEY_FIELDS order
  flows: bigint;
  readonly sums: (bigint | null)[]; // SUM_FIELDS order
  start: bigint | null;
  end: bigint | null;
  tcpFlags: number | null;
}

/** The rows of the flows, sorted by minute and keys: NULL first, numbers by value, texts by their UTF-8 bytes. */
export const referenceDigest = (flows: readonly PlainFlow[]): PlainRow[] => {
  const rows = new Map<string, PlainRow>();
  for (const flow of flows) {
    const keys = KEY_FIELDS.map((f) => flow.keys[f.column] ?? null);
    const id = JSON.stringify([flow.minute, keys]);
    const row = rows.get(id) ?? emptyRow(flow.minute, keys);
    rows.set(id, row);
    row.flows += 1n;
    SUM_FIELDS.forEach((f, i) => {
      const value = flow.sums[f.column];
      if (value !== undefined) row.sums[i] = (row.sums[i] ?? 0n) + BigInt(value);
    });
    if (flow.start !== null && (row.start === null || BigInt(flow.start) < row.start)) row.start = BigInt(flow.start);
    if (flow.end !== null && (row.end === null || BigInt(flow.end) > row.end)) row.end = BigInt(flow.end);
    if (flow.tcpFlags !== null) row.tcpFlags = (row.tcpFlags ?? 0) | flow.tcpFlags;
  }
  return [...rows.values()].sort(compareRows);
};

const emptyRow = (minute: number, keys: readonly (string | number | null)[]): PlainRow => ({
  minute,
  keys,
  flows: 0n,
  sums: SUM_FIELDS.map(() => null),
  start: null,
  end: null,
  tcpFlags: null,
});

const compareRows = (a: PlainRow, b: PlainRow): number => {
  if (a.minute !== b.minute) return a.minute - b.minute;
  for (let i = 0; i < a.keys.length; i++) {
    const order = compareValues(a.keys[i], b.keys[i]);
    if (order !== 0) return order;
  }
  return 0;
};

const compareValues = (a: string | number | null, b: string | number | null): number => {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
};

// Merges digest rows in the plainest way: the reference that `rows` is compared with.
import type { Row } from '../fakes/parquet-rows.ts';

type Cell = string | number | bigint | null;

const compare = (a: Cell, b: Cell): number => {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
};

const values = (rows: readonly Row[], name: string): bigint[] =>
  rows.flatMap((row) => (row[name] === undefined || row[name] === null ? [] : [BigInt(row[name])]));

const fold = (found: readonly bigint[], merge: (a: bigint, b: bigint) => bigint): bigint | null =>
  found.length === 0 ? null : found.reduce(merge);

/** The group's columns, then flows, packets, bytes, start, end, tcp_flags; in the order of `vpcflow rows`. */
export function mergedRows(rows: readonly Row[], group: readonly string[], top: number | null): Cell[][] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(group.map((name) => row[name] ?? null)));
  const merged = [...groups.values()].map((found) => [
    ...group.map((name) => found[0][name] ?? null),
    ...['flows', 'packets', 'bytes'].map((name) => fold(values(found, name), (a, b) => a + b)),
    fold(values(found, 'start'), (a, b) => (compare(a, b) < 0 ? a : b)),
    fold(values(found, 'end'), (a, b) => (compare(a, b) > 0 ? a : b)),
    fold(values(found, 'tcp_flags'), (a, b) => a | b),
  ]);
  const bytes = group.length + 2;
  merged.sort((a, b) => {
    if (top !== null && a[bytes] !== b[bytes]) return -compare(a[bytes], b[bytes]);
    for (let i = 0; i < group.length; i++) if (compare(a[i], b[i]) !== 0) return compare(a[i], b[i]);
    return 0;
  });
  return merged.slice(0, top ?? merged.length);
}

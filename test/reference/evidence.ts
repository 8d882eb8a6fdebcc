// The evidence for neighbours by the book: plain loops over rows, with none of the product's code or SQL.
import type { Row } from '../fakes/parquet-rows.ts';

export interface ReferenceScope {
  readonly account?: string;
  readonly region?: string;
  readonly except?: readonly string[];
}

const within = (row: Row, start: number, stop: number): boolean => {
  const minute = Date.parse(String(row.minute));
  return minute >= start && minute < stop;
};

const sums = (rows: readonly Row[]): Map<string, bigint> => {
  const found = new Map<string, bigint>();
  for (const row of rows) {
    const id = row.interface_id;
    if (typeof id === 'string') found.set(id, (found.get(id) ?? 0n) + BigInt(row.bytes ?? 0));
  }
  return found;
};

/** Interfaces and bytes, most first, then by id; `start` and `stop` in Unix ms. */
export function referenceNeighbours(
  rows: readonly Row[],
  addresses: readonly string[],
  count: number,
  [start, stop]: readonly [number, number],
  { account, region, except = [] }: ReferenceScope = {},
): [string, bigint][] {
  const chosen: Row[] = [];
  for (const row of rows) {
    const ends = [row.srcaddr, row.dstaddr, row.pkt_srcaddr, row.pkt_dstaddr];
    if (!within(row, start, stop) || row.action === 'REJECT') continue;
    if (!addresses.some((address) => ends.includes(address))) continue;
    if (account !== undefined && (row.account_id ?? account) !== account) continue;
    if (region !== undefined && (row.region ?? region) !== region) continue;
    if (!except.includes(String(row.interface_id))) chosen.push(row);
  }
  const all = [...sums(chosen)].sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1));
  return all.slice(0, count);
}

/** Mbit/s of an hour, by interface. */
export function referenceMbps(
  rows: readonly Row[],
  ids: readonly string[],
  [start, stop]: readonly [number, number],
): Map<string, number> {
  const mbps = new Map<string, number>();
  for (const [id, bytes] of sums(rows.filter((row) => within(row, start, stop)))) {
    if (ids.includes(id)) mbps.set(id, (Number(bytes) * 8) / 3600 / 1e6);
  }
  return mbps;
}

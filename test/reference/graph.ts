// The graph by the book: plain loops over rows, with none of the product's code or SQL, for property tests to compare.
import { isIPv6 } from 'node:net';

export interface ReferenceRow {
  readonly account_id: string | null;
  readonly interface_id: string | null;
  readonly srcaddr: string | null;
  readonly dstaddr: string | null;
  readonly srcport: number | null;
  readonly dstport: number | null;
  readonly protocol: number | null;
  readonly action: string | null;
  readonly flows: bigint;
  readonly packets: bigint | null;
  readonly bytes: bigint | null;
  readonly start: number | null;
  readonly end: number | null;
}

export interface ReferenceEdge {
  readonly source: string;
  readonly target: string;
  readonly action: string | null;
  readonly protocols: number[];
  readonly ports: number[];
  readonly flows: bigint;
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly bytes_observed: bigint;
  readonly witnesses: number;
  readonly start: number | null;
  readonly stop: number | null;
}

interface Witness {
  readonly name: readonly [string | null, string | null]; // interface, account
  flows: bigint;
  packets: bigint;
  bytes: bigint;
}

const grouped = <T>(items: readonly T[], key: (item: T) => unknown): T[][] => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const text = JSON.stringify(key(item));
    groups.set(text, [...(groups.get(text) ?? []), item]);
  }
  return [...groups.values()];
};

const nullsLast = (a: string | null, b: string | null): number => {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
};

const descending = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1);

/** The witnesses of one conversation, the one that counts first. */
const witnessesOf = (rows: readonly ReferenceRow[]): Witness[] =>
  grouped(rows, (row) => [row.interface_id, row.account_id])
    .map((own) => ({
      name: [own[0].interface_id, own[0].account_id] as const,
      flows: own.reduce((sum, row) => sum + row.flows, 0n),
      packets: own.reduce((sum, row) => sum + (row.packets ?? 0n), 0n),
      bytes: own.reduce((sum, row) => sum + (row.bytes ?? 0n), 0n),
    }))
    .sort(
      (a, b) =>
        descending(a.bytes, b.bytes) ||
        descending(a.packets, b.packets) ||
        nullsLast(a.name[0], b.name[0]) ||
        nullsLast(a.name[1], b.name[1]),
    );

const servicePort = (row: ReferenceRow): number => {
  const [source, target] = [row.srcport ?? 0, row.dstport ?? 0];
  if (source === 0 || target === 0) return source + target;
  return row.action === 'REJECT' && target > source ? target : Math.min(source, target);
};

const conversations = (rows: readonly ReferenceRow[]): ReferenceRow[][] =>
  grouped(rows, (r) => [r.srcaddr, r.dstaddr, r.srcport, r.dstport, r.protocol, r.action]);

/** All edges, in no order, of a naming of addresses; unlimited ports. */
export function referenceEdges(
  rows: readonly ReferenceRow[],
  count: 'conversations' | 'observed',
  name: (address: string | null) => string,
): ReferenceEdge[] {
  return grouped(rows, (r) => [name(r.srcaddr), name(r.dstaddr), r.action]).map((own) => {
    const sums = { flows: 0n, packets: 0n, bytes: 0n };
    const observed = own.reduce((sum, row) => sum + (row.bytes ?? 0n), 0n);
    const ports = new Map<number, bigint>();
    for (const conversation of conversations(own)) {
      const all = witnessesOf(conversation);
      // The other witness of a flow is told by both addresses; without them nobody can say that it was seen twice.
      const known = conversation[0].srcaddr !== null && conversation[0].dstaddr !== null;
      for (const witness of count === 'observed' || !known ? all : all.slice(0, 1)) {
        sums.flows += witness.flows;
        sums.packets += witness.packets;
        sums.bytes += witness.bytes;
        const port = servicePort(conversation[0]);
        if (port > 0) ports.set(port, (ports.get(port) ?? 0n) + witness.bytes);
      }
    }
    const starts = own.map((row) => row.start).filter((time) => time !== null);
    const ends = own.map((row) => row.end).filter((time) => time !== null);
    return {
      source: name(own[0].srcaddr),
      target: name(own[0].dstaddr),
      action: own[0].action,
      protocols: [...new Set(own.map((row) => row.protocol).filter((one) => one !== null))].sort((a, b) => a - b),
      ports: [...ports].sort((a, b) => descending(a[1], b[1]) || a[0] - b[0]).map(([port]) => port),
      ...sums,
      bytes_observed: observed,
      witnesses: new Set(own.map((row) => JSON.stringify([row.account_id, row.interface_id]))).size,
      start: starts.length === 0 ? null : Math.min(...starts),
      stop: ends.length === 0 ? null : Math.max(...ends),
    };
  });
}

/** The nodes that `--top n` keeps. */
export function referenceKept(edges: readonly ReferenceEdge[], n: number): Set<string> {
  const weights = new Map<string, bigint>();
  for (const { source, target, bytes } of edges) {
    weights.set(source, (weights.get(source) ?? 0n) + bytes);
    weights.set(target, (weights.get(target) ?? 0n) + bytes);
  }
  const order = [...weights].sort((a, b) => descending(a[1], b[1]) || (a[0] < b[0] ? -1 : 1));
  return new Set(order.slice(0, n).map(([id]) => id));
}

export const referenceAddress = (address: string | null): string => address ?? 'unknown';

/** /24 and /64 by bits: the address is expanded to 16-bit groups by hand. */
export const referenceNetwork = (address: string | null): string => {
  if (address === null) return 'unknown';
  if (!isIPv6(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  const dotted = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) =>
    [a * 256 + Number(b), c * 256 + Number(d)].map((part) => part.toString(16)).join(':'),
  );
  const [head, tail] = dotted.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const full = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  const four = full.slice(0, 4);
  while (four.length > 0 && four[four.length - 1] === '0') four.pop();
  return `${four.join(':')}::/64`;
};

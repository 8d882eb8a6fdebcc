// Which node an address is, by the book: by its bits as one number, with none of the product's code or SQL.
import { isIPv6 } from 'node:net';

interface Bits {
  readonly v6: boolean;
  readonly bits: bigint;
}

const width = ({ v6 }: Pick<Bits, 'v6'>): number => (v6 ? 128 : 32);

/** The groups of an IPv6 address are told by the URL parser, which is not what the product uses. */
function bitsOf(address: string): Bits {
  if (!isIPv6(address)) return { v6: false, bits: address.split('.').reduce((n, part) => n * 256n + BigInt(part), 0n) };
  const [head, tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return { v6: true, bits: groups.reduce((n, group) => n * 65536n + BigInt(`0x${group}`), 0n) };
}

function textOf({ v6, bits }: Bits): string {
  if (!v6) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
  if (bits >> 32n === 0xffffn) return `::ffff:${textOf({ v6: false, bits: bits & 0xffffffffn })}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

const masked = ({ v6, bits }: Bits, prefix: number): Bits => {
  const host = BigInt(width({ v6 }) - prefix);
  return { v6, bits: (bits >> host) << host };
};

/** The network of an address, with one prefix for each version. */
export const referenceCidr = (address: string, v4: number, v6: number): string => {
  const bits = bitsOf(address);
  const prefix = bits.v6 ? v6 : v4;
  return `${textOf(masked(bits, prefix))}/${prefix}`;
};

/** Whether an address is in any of the networks, or on no network but its own link or machine. */
export const referenceInside = (address: string, networks: readonly string[]): boolean =>
  [...networks, '127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fe80::/10'].some((network) => {
    const [first, prefix] = network.split('/');
    const [one, other] = [bitsOf(address), bitsOf(first)];
    return one.v6 === other.v6 && masked(one, Number(prefix)).bits === masked(other, Number(prefix)).bits;
  });

export interface ServiceRow {
  readonly srcaddr: string | null;
  readonly dstaddr: string | null;
  readonly pkt_srcaddr: string | null;
  readonly pkt_dstaddr: string | null;
  readonly pkt_src_aws_service: string | null;
  readonly pkt_dst_aws_service: string | null;
  readonly flows: bigint;
}

/** The service of each address that has one: of what was said of it, the one with most flows, then the first by name. */
export function referenceServices(rows: readonly ServiceRow[], own: readonly string[]): ReadonlyMap<string, string> {
  const flows = new Map<string, Map<string, bigint>>();
  for (const row of rows) {
    const sides = [
      [row.pkt_srcaddr, row.srcaddr, row.pkt_src_aws_service],
      [row.pkt_dstaddr, row.dstaddr, row.pkt_dst_aws_service],
    ] as const;
    for (const [packet, other, service] of sides) {
      const address = packet ?? (other !== null && !referenceInside(other, own) ? other : null);
      if (service === null || address === null) continue;
      const known = flows.get(address) ?? new Map<string, bigint>();
      flows.set(address, known.set(service, (known.get(service) ?? 0n) + row.flows));
    }
  }
  const best = (all: ReadonlyMap<string, bigint>): string =>
    [...all].sort(([a, m], [b, n]) => (m === n ? (a < b ? -1 : 1) : m > n ? -1 : 1))[0][0];
  return new Map([...flows].map(([address, all]) => [address, best(all)]));
}

// Turns an address or network into SQL that finds it in a column of canonical address text (RFC 5952), without any
// extension: by ranges of text where the canonical form allows it, else by the address written out in hexadecimal.
import { canonicalAddress, parseIPv6 } from '../address.ts';
import type { Condition } from './condition.ts';

export interface Network {
  readonly version: 4 | 6;
  readonly bits: bigint; // of the address, those outside the prefix cleared
  readonly prefix: number;
  /** Canonical text of the address alone, when the prefix is as long as it. */
  readonly single: string | null;
}

/** `10.0.0.0/8`, `2001:db8::/32` or an address, which is a network of one; bits past the prefix are ignored. */
export function parseNetwork(text: string): Network | null {
  const match = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text);
  const canonical = match === null ? null : canonicalAddress(match[1]);
  if (match === null || canonical === null) return null;
  const version = canonical.includes(':') ? 6 : 4;
  const width = version === 4 ? 32 : 128;
  const prefix = match[2] === undefined ? width : Number(match[2]);
  if (prefix > width) return null;
  const host = BigInt(width - prefix);
  const bits = (addressBits(canonical) >> host) << host;
  return { version, bits, prefix, single: prefix === width ? canonical : null };
}

/** The bits of a canonical address: 32 or 128 of them. */
function addressBits(canonical: string): bigint {
  if (!canonical.includes(':')) return canonical.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
  const bytes = new TextEncoder().encode(canonical);
  const groups = new Uint16Array(8);
  parseIPv6(bytes, 0, bytes.length, groups);
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(group), 0n);
}

/** Whether the address in `column` (SQL) lies in the network; NULL or false where there is none. */
export function networkSql(column: string, network: Network): Condition {
  if (network.single !== null) return { sql: `${column} = ?`, parameters: [network.single] };
  return network.version === 4 ? ipv4Sql(column, network.bits, network.prefix) : ipv6Sql(column, network);
}

/** Text that begins with `start` lies between it and its successor in byte order. */
function prefixSql(column: string, start: string): Condition {
  const after = start.slice(0, -1) + String.fromCharCode(start.charCodeAt(start.length - 1) + 1);
  return { sql: `(${column} >= ? AND ${column} < ?)`, parameters: [start, after] };
}

/** Whole octets are a prefix of the text; the octet in which the prefix ends lies between two numbers. */
function ipv4Sql(column: string, bits: bigint, prefix: number): Condition {
  const octets = [24n, 16n, 8n, 0n].map((shift) => Number((bits >> shift) & 255n));
  const whole = Math.floor(prefix / 8);
  const start =
    whole === 0
      ? { sql: `NOT contains(${column}, ':')`, parameters: [] }
      : prefixSql(column, `${octets.slice(0, whole).join('.')}.`);
  const rest = prefix % 8;
  if (rest === 0) return start;
  const least = octets[whole];
  const octet = `TRY_CAST(split_part(${column}, '.', ${whole + 1}) AS INTEGER)`;
  const parameters = [...start.parameters, least, least + 2 ** (8 - rest) - 1];
  return { sql: `(${start.sql} AND ${octet} BETWEEN ? AND ?)`, parameters };
}

const MAPPED = 0xffffn; // the first 96 bits of ::ffff:0:0/96, IPv4-mapped addresses

function ipv6Sql(column: string, { bits, prefix }: Network): Condition {
  const leading = leadingGroups(bits, prefix);
  // Groups that are not zero are never compressed: when there are no others, the text begins with them.
  if (leading.length * 16 === prefix && prefix > 0) return prefixSql(column, `${leading.join(':')}:`);
  const host = BigInt(128 - prefix);
  const hex = (value: bigint) => value.toString(16).padStart(32, '0');
  const plain: Condition = {
    sql: `CASE WHEN contains(${column}, ':') AND NOT contains(${column}, '.') THEN ${hexSql(column)} BETWEEN ? AND ? ELSE false END`,
    parameters: [hex(bits), hex(bits | ((1n << host) - 1n))],
  };
  const mapped = mappedSql(column, bits, prefix);
  if (mapped === null) return plain;
  return { sql: `(${plain.sql} OR ${mapped.sql})`, parameters: [...plain.parameters, ...mapped.parameters] };
}

/** The groups at the beginning that the prefix covers whole and that are not zero. */
function leadingGroups(bits: bigint, prefix: number): string[] {
  const groups: string[] = [];
  for (let i = 0; (i + 1) * 16 <= prefix; i++) {
    const group = (bits >> BigInt(112 - 16 * i)) & 0xffffn;
    if (group === 0n) break;
    groups.push(group.toString(16));
  }
  return groups;
}

/** IPv4-mapped addresses are written with a dotted quad: all of them, those of an IPv4 network, or (null) none. */
function mappedSql(column: string, bits: bigint, prefix: number): Condition | null {
  const isMapped = `(${column} LIKE '::ffff:%.%')`;
  if (prefix <= 96) {
    const outside = BigInt(128 - prefix);
    return (MAPPED << 32n) >> outside === bits >> outside ? { sql: isMapped, parameters: [] } : null;
  }
  if (bits >> 32n !== MAPPED) return null;
  const inner = ipv4Sql(`substr(${column}, 8)`, bits & 0xffffffffn, prefix - 96);
  return { sql: `(${isMapped} AND ${inner.sql})`, parameters: inner.parameters };
}

/** SQL for the 32 hexadecimal digits of an IPv6 address without a dotted quad. */
function hexSql(column: string): string {
  const groups = (part: number) =>
    `list_filter(string_split(split_part(${column}, '::', ${part}), ':'), lambda g: g <> '')`;
  const zeros = `list_transform(range(8 - len(${groups(1)}) - len(${groups(2)})), lambda i: '0')`;
  return `array_to_string(list_transform(${groups(1)} || ${zeros} || ${groups(2)}, lambda g: lpad(g, 4, '0')), '')`;
}

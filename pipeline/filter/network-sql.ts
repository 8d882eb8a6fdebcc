// Turns a network into SQL that finds it in a column of canonical address text (RFC 5952), without any extension: by
// ranges of text where the canonical form allows it, else by the address written out in hexadecimal.

import type { Network } from '../address/networks.ts';
import type { Condition } from './condition.ts';
import { type Dialect, hexadecimalSql } from './dialects.ts';

/** Whether the address in `column` (SQL) lies in the network; NULL or false where there is none. */
export function networkSql(column: string, network: Network, dialect: Dialect): Condition {
  if (network.single !== null) return { sql: `${column} = ?`, parameters: [network.single] };
  return network.version === 4
    ? ipv4Sql(column, network.bits, network.prefix, dialect)
    : ipv6Sql(column, network, dialect);
}

/** Text that begins with `start` lies between it and its successor in byte order. */
function prefixSql(column: string, start: string): Condition {
  const after = start.slice(0, -1) + String.fromCharCode(start.charCodeAt(start.length - 1) + 1);
  return { sql: `(${column} >= ? AND ${column} < ?)`, parameters: [start, after] };
}

/** Whole octets are a prefix of the text; the octet in which the prefix ends lies between two numbers. */
function ipv4Sql(column: string, bits: bigint, prefix: number, dialect: Dialect): Condition {
  const octets = [24n, 16n, 8n, 0n].map((shift) => Number((bits >> shift) & 255n));
  const whole = Math.floor(prefix / 8);
  const start =
    whole === 0
      ? { sql: `NOT ${dialect.holds(column, "':'")}`, parameters: [] }
      : prefixSql(column, `${octets.slice(0, whole).join('.')}.`);
  const rest = prefix % 8;
  if (rest === 0) return start;
  const least = octets[whole];
  const octet = `TRY_CAST(split_part(${column}, '.', ${whole + 1}) AS INTEGER)`;
  const parameters = [...start.parameters, least, least + 2 ** (8 - rest) - 1];
  return { sql: `(${start.sql} AND ${octet} BETWEEN ? AND ?)`, parameters };
}

/** The first 96 bits of ::ffff:0:0/96, IPv4-mapped addresses. */
export const MAPPED = 0xffffn;

/** They are written with a dotted quad. */
export const IS_MAPPED = (column: string): string => `(${column} LIKE '::ffff:%.%')`;

function ipv6Sql(column: string, { bits, prefix }: Network, dialect: Dialect): Condition {
  const leading = leadingGroups(bits, prefix);
  // Groups that are not zero are never compressed: when there are no others, the text begins with them.
  if (leading.length * 16 === prefix && prefix > 0) return prefixSql(column, `${leading.join(':')}:`);
  const host = BigInt(128 - prefix);
  const holds = (part: string) => dialect.holds(column, part);
  const hex = (value: bigint) => value.toString(16).padStart(32, '0');
  const plain: Condition = {
    sql: `CASE WHEN ${holds("':'")} AND NOT ${holds("'.'")} THEN ${hexadecimalSql(column, dialect)} BETWEEN ? AND ? ELSE false END`,
    parameters: [hex(bits), hex(bits | ((1n << host) - 1n))],
  };
  const mapped = mappedSql(column, bits, prefix, dialect);
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
function mappedSql(column: string, bits: bigint, prefix: number, dialect: Dialect): Condition | null {
  const isMapped = IS_MAPPED(column);
  if (prefix <= 96) {
    const outside = BigInt(128 - prefix);
    return (MAPPED << 32n) >> outside === bits >> outside ? { sql: isMapped, parameters: [] } : null;
  }
  if (bits >> 32n !== MAPPED) return null;
  const inner = ipv4Sql(`substr(${column}, 8)`, bits & 0xffffffffn, prefix - 96, dialect);
  return { sql: `(${isMapped} AND ${inner.sql})`, parameters: inner.parameters };
}

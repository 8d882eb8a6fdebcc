// Turns the text of an address or network into its bits.
import { canonicalAddress, parseIPv6 } from './address.ts';

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

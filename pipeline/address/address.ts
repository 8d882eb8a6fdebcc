// Turns the bytes of an IPv4 or IPv6 address into its canonical text (RFC 5952), or finds that they are no address.
import { hexDigit } from '../decode/hex.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;
const HEX = new TextEncoder().encode('0123456789abcdef');

/** The longest canonical text: eight groups of four digits, or `::ffff:` and a dotted quad. */
export const MAX_ADDRESS_BYTES = 39;

/**
 * Reads a dotted quad: four decimal numbers of 0 to 255 without leading zeros. It ends at the first byte that cannot
 * belong to it, which the caller looks at. The canonical text of a quad is the quad itself.
 *
 * @returns the position after it, and in `out[at]` its 32 bits; or -1 when there is none at `pos`.
 */
export function scanIPv4(buf: Uint8Array, pos: number, end: number, out: Int32Array, at: number): number {
  let quad = 0;
  let p = pos;
  for (let part = 0; part < 4; part++) {
    if (part > 0) {
      if (p >= end || buf[p] !== DOT) return -1;
      p++;
    }
    if (p >= end) return -1;
    let value = buf[p] - ZERO;
    if (value < 0 || value > 9) return -1;
    p++;
    // A leading zero ends the number here, so that the digit after it is no dot.
    if (value !== 0 && p < end) {
      let digit = buf[p] - ZERO;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        p++;
        if (p < end) {
          digit = buf[p] - ZERO;
          if (digit >= 0 && digit <= 9) {
            value = value * 10 + digit;
            if (value > 255) return -1;
            p++;
          }
        }
      }
    }
    quad = (quad << 8) | value;
  }
  out[at] = quad;
  return p;
}

const quadScratch = new Int32Array(1);

/**
 * Reads `buf[start, end)` as an IPv6 address in any form of RFC 4291 section 2.2 (full, `::`, embedded IPv4; no zone)
 * into its eight groups; false when it is none.
 */
export function parseIPv6(buf: Uint8Array, start: number, end: number, groups: Uint16Array): boolean {
  let count = 0;
  let gap = -1; // the group before which `::` stands
  let p = start;
  if (p + 1 < end && buf[p] === COLON && buf[p + 1] === COLON) {
    gap = 0;
    p += 2;
  }
  while (p < end) {
    if (count === 8) return false;
    const from = p;
    let value = 0;
    for (; p < end && p - from < 5; p++) {
      const digit = hexDigit(buf[p]);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (p === from || p - from > 4) return false;
    if (p < end && buf[p] === DOT) {
      // An embedded IPv4 address takes the place of the last two groups.
      if (count > 6 || scanIPv4(buf, from, end, quadScratch, 0) !== end) return false;
      groups[count++] = quadScratch[0] >>> 16;
      groups[count++] = quadScratch[0] & 0xffff;
      break;
    }
    groups[count++] = value;
    if (p === end) break;
    if (buf[p] !== COLON) return false;
    p++;
    if (p < end && buf[p] === COLON) {
      if (gap >= 0) return false;
      gap = count;
      p++;
    } else if (p === end) {
      return false; // a single colon at the end
    }
  }
  if (gap < 0) return count === 8;
  if (count === 8) return false; // `::` stands for at least one group
  const tail = count - gap;
  groups.copyWithin(8 - tail, gap, count);
  groups.fill(0, gap, 8 - tail);
  return true;
}

const writeDecimal = (value: number, out: Uint8Array, at: number): number => {
  let p = at;
  if (value >= 100) out[p++] = ZERO + Math.trunc(value / 100);
  if (value >= 10) out[p++] = ZERO + (Math.trunc(value / 10) % 10);
  out[p++] = ZERO + (value % 10);
  return p;
};

const writeHex = (value: number, out: Uint8Array, at: number): number => {
  let p = at;
  for (let shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0; shift >= 0; shift -= 4) {
    out[p++] = HEX[(value >> shift) & 15];
  }
  return p;
};

const isIPv4Mapped = (groups: Uint16Array): boolean =>
  groups[5] === 0xffff && !groups[0] && !groups[1] && !groups[2] && !groups[3] && !groups[4];

/**
 * Writes the canonical text of eight groups: lower case, no leading zeros, the first of the longest runs of two or
 * more zero groups as `::` (RFC 5952 section 4), IPv4-mapped addresses with a dotted quad (section 5).
 *
 * @returns the position after the last byte written; at most MAX_ADDRESS_BYTES are.
 */
export function writeIPv6(groups: Uint16Array, out: Uint8Array, at: number): number {
  const mapped = isIPv4Mapped(groups);
  const count = mapped ? 6 : 8;
  let gap = -1;
  let gapLength = 1;
  for (let i = 0; i < count; i++) {
    let run = 0;
    while (i + run < count && groups[i + run] === 0) run++;
    if (run > gapLength) {
      gap = i;
      gapLength = run;
    }
    i += run;
  }
  let p = at;
  for (let i = 0; i < count; i++) {
    if (i === gap) {
      out[p++] = COLON;
      out[p++] = COLON;
      i += gapLength - 1;
      continue;
    }
    if (i > 0 && i !== gap + gapLength) out[p++] = COLON;
    p = writeHex(groups[i], out, p);
  }
  if (!mapped) return p;
  for (let i = 0; i < 4; i++) {
    out[p++] = i === 0 ? COLON : DOT;
    p = writeDecimal((groups[6 + (i >> 1)] >> (i % 2 === 0 ? 8 : 0)) & 0xff, out, p);
  }
  return p;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The canonical text of an address, or null when it is none. */
export function canonicalAddress(text: string): string | null {
  const bytes = encoder.encode(text);
  if (scanIPv4(bytes, 0, bytes.length, quadScratch, 0) === bytes.length) return text;
  const groups = new Uint16Array(8);
  if (!parseIPv6(bytes, 0, bytes.length, groups)) return null;
  const out = new Uint8Array(MAX_ADDRESS_BYTES);
  return decoder.decode(out.subarray(0, writeIPv6(groups, out, 0)));
}

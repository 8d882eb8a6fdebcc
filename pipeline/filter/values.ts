// Turns the values of a comparison into what its column holds: integers with sizes, times, addresses and texts.
import { canonicalAddress } from '../address.ts';
import { parseTime } from '../window.ts';
import type { Value } from './parse.ts';
import { filterError } from './tokens.ts';

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  kb: 1000n,
  mb: 1000n ** 2n,
  gb: 1000n ** 3n,
  tb: 1000n ** 4n,
  kib: 1024n,
  mib: 1024n ** 2n,
  gib: 1024n ** 3n,
  tib: 1024n ** 4n,
};

const INT64_MAX = 2n ** 63n - 1n;

/** A whole number; `sizes` allows 1MB (1000s), 1MiB (1024s) and decimals that come out whole (1.5KB). */
export function integerValue(value: Value, sizes: boolean): bigint {
  const [, sign, whole, fraction = '', unit] = /^(-?)(\d{1,19})(?:\.(\d{1,12}))?([a-z]*)$/i.exec(value.text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit.toLowerCase()];
  if (factor === undefined || (!sizes && (unit !== '' || fraction !== ''))) throw noInteger(value, sizes);
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * factor;
  if (scaled % scale !== 0n || scaled / scale > INT64_MAX) throw noInteger(value, sizes);
  return (scaled / scale) * (sign === '-' ? -1n : 1n);
}

const noInteger = (value: Value, sizes: boolean): Error =>
  filterError(
    value.column,
    `${JSON.stringify(value.text)} is no whole number`,
    sizes ? 'give a number such as 1500, 1.5KB or 64KiB' : 'give a number such as 443',
  );

/** Unix ms of a time (RFC 3339, or relative to `now`). */
export function timeValue(value: Value, now: number): number {
  try {
    return parseTime(value.text, now, 'the time');
  } catch {
    throw filterError(value.column, `${JSON.stringify(value.text)} is no time`, 'give 2026-11-20T14:05:00Z or now-15m');
  }
}

/** Unix seconds, written as a number or as a time. */
export const secondsValue = (value: Value, now: number): bigint =>
  /^-?\d+$/.test(value.text) ? integerValue(value, false) : BigInt(Math.floor(timeValue(value, now) / 1000));

/** One address in canonical text. */
export function addressValue(value: Value): string {
  const canonical = canonicalAddress(value.text);
  if (canonical !== null) return canonical;
  const isNetwork = value.text.includes('/');
  throw filterError(
    value.column,
    `${JSON.stringify(value.text)} is no address`,
    isNetwork ? 'ask for a network with in: srcaddr in 10.0.0.0/8' : 'give an IPv4 or IPv6 address',
  );
}

// Turns the values of a comparison into what its column holds: integers with sizes, names, times, addresses and texts.
import { canonicalAddress } from '../address/address.ts';
import { nearest } from '../nearest.ts';
import { PROTOCOL_NUMBERS, SERVICE_PORTS } from '../well-known-names.ts';
import { parseTime } from '../window/window.ts';
import type { FilterColumn } from './columns.ts';
import type { Value } from './parse.ts';
import type { Scalar } from './predicate.ts';
import { filterError, shown } from './tokens.ts';

/** What a column that is no address is compared with. Throws VF_BAD_FILTER. */
export function scalarValue(value: Value, column: FilterColumn, now: number): Scalar {
  switch (column.kind) {
    case 'port':
      return { type: 'integer', value: namedNumber(value, 'port', SERVICE_PORTS, 65_535n) };
    case 'protocol':
      return { type: 'integer', value: namedNumber(value, 'protocol', PROTOCOL_NUMBERS, 255n) };
    case 'integer':
      return { type: 'integer', value: integerValue(value, false) };
    case 'size':
      return { type: 'integer', value: integerValue(value, true) };
    case 'seconds':
      return { type: 'integer', value: secondsValue(value, now) };
    case 'time':
      return { type: 'time', value: timeValue(value, now) };
    case 'address':
    case 'text':
      return { type: 'text', value: knownSpelling(value, column) };
  }
}

/** A bare word that a column's values spell in other case is theirs: `reject` is REJECT. */
function knownSpelling({ text, quoted }: Value, { values }: FilterColumn): string {
  if (quoted) return text;
  return values.find(([known]) => known.toLowerCase() === text.toLowerCase())?.[0] ?? text;
}

const EXAMPLE = { port: '443 or https', protocol: '6 or tcp' } as const;

/** A number up to `max`, or the name of one (in any case). */
function namedNumber(
  value: Value,
  what: keyof typeof EXAMPLE,
  names: ReadonlyMap<string, number>,
  max: bigint,
): bigint {
  const { text, column } = value;
  const known = names.get(text.toLowerCase());
  if (known !== undefined) return BigInt(known);
  const number = /^\d{1,19}$/.test(text) ? BigInt(text) : null;
  if (number !== null && number <= max) return number;
  const meant = number === null ? nearest(text, names.keys()) : null;
  const example = `give a number from 0 to ${max} or a name: ${EXAMPLE[what]}`;
  throw filterError(
    column,
    `${shown(text)} is no ${what}`,
    meant === null ? example : `did you mean ${meant}? Else ${example}`,
  );
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
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
function integerValue(value: Value, sizes: boolean): bigint {
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
    `${shown(value.text)} is no whole number`,
    sizes ? 'give a number such as 1500, 1.5KB or 64KiB' : 'give a number such as 18',
  );

/** Unix ms of a time (RFC 3339, or relative to `now`). */
function timeValue(value: Value, now: number): number {
  try {
    return parseTime(value.text, now, 'the time');
  } catch {
    throw filterError(value.column, `${shown(value.text)} is no time`, 'give 2026-11-20T14:05:00Z or now-15m');
  }
}

/** Unix seconds, written as a number or as a time. */
const secondsValue = (value: Value, now: number): bigint =>
  /^-?\d+$/.test(value.text) ? integerValue(value, false) : BigInt(Math.floor(timeValue(value, now) / 1000));

/** One address in canonical text. */
export function addressValue(value: Value): string {
  const canonical = canonicalAddress(value.text);
  if (canonical !== null) return canonical;
  const isNetwork = value.text.includes('/');
  throw filterError(
    value.column,
    `${shown(value.text)} is no address`,
    isNetwork ? 'ask for a network with in: srcaddr in 10.0.0.0/8' : 'give an IPv4 or IPv6 address',
  );
}

// Turns counts and ports into words for people: 1.4 GB, 12,345 flows, https.
import { PROTOCOL_NAMES, SERVICE_NAMES } from './well-known-names.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB'] as const;

/** Bytes in powers of 1000 with three digits: 999 B, 1.40 GB, 23.5 MB, 120 kB. Rounded down, so 999,999 is 999 kB. */
export function formatBytes(bytes: bigint): string {
  let unit = 0;
  let scale = 1n;
  while (bytes >= scale * 1000n && unit < UNITS.length - 1) {
    scale *= 1000n;
    unit += 1;
  }
  if (unit === 0) return `${bytes} B`;
  const hundredths = (bytes * 100n) / scale;
  const whole = hundredths / 100n;
  const digits = whole >= 100n ? 0 : whole >= 10n ? 1 : 2;
  const fraction = (hundredths % 100n).toString().padStart(2, '0').slice(0, digits);
  return `${formatCount(whole)}${fraction === '' ? '' : `.${fraction}`} ${UNITS[unit]}`;
}

/** 1234567n as 1,234,567. */
export const formatCount = (count: bigint | number): string => count.toString().replace(/\B(?=(\d{3})+$)/g, ',');

/** 1 flow, 2 flows, 1,234 prefixes: a whole number of something, with the plural where it is not an s more. */
export const formatMany = (count: bigint | number, noun: string, nouns = `${noun}s`): string =>
  `${formatCount(count)} ${BigInt(count) === 1n ? noun : nouns}`;

/** An IANA protocol number as people say it. */
export const protocolName = (protocol: number): string => PROTOCOL_NAMES.get(protocol) ?? `protocol ${protocol}`;

/** `https` or `8007`. */
export const portName = (port: number): string => SERVICE_NAMES.get(port) ?? String(port);

/** Up to `most` ports by name, and how many are not named: `https, ssh, 8007 +3`. Empty for none. */
export function portList(ports: readonly number[], most: number): string {
  const named = ports.slice(0, most).map(portName).join(', ');
  return ports.length > most ? `${named} +${ports.length - most}` : named;
}

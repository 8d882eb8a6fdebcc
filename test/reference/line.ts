// Says plainly, with strings, big integers and regular expressions, what LineReader does with bytes and typed arrays.
import { isIPv4, isIPv6 } from 'node:net';
import type { LineTime } from '../../pipeline/decode/line.ts';
import type { Format } from '../../pipeline/formats/format.ts';
import { KEY_FIELDS, SUM_FIELDS } from '../../schemas/columns.ts';
import type { Field } from '../../schemas/fields.ts';
import type { LineReason } from '../../schemas/rejects.ts';
import type { Settings } from '../../schemas/settings.ts';

export type Value = string | number | null;

export interface ReadFlow {
  readonly outcome: 'OK' | 'NODATA' | 'SKIPDATA';
  readonly minute: number;
  readonly start: number | null;
  readonly end: number | null;
  readonly tcpFlags: number | null;
  /** Every key column and every sum, by column name. */
  readonly values: Readonly<Record<string, Value>>;
}

export interface ReadReject {
  readonly outcome: 'REJECT';
  readonly reason: LineReason;
}

class Rejected extends Error {
  readonly reason: LineReason;
  constructor(reason: LineReason) {
    super(reason);
    this.reason = reason;
  }
}

/** A token is a string of which each character is one byte. */
const bytesOf = (token: string): Buffer => Buffer.from(token, 'latin1');

const decode = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
};

const text = (token: string): string => {
  const decoded = decode(bytesOf(token));
  if (decoded === null) throw new Rejected('no_format');
  return decoded;
};

const tag = (token: string): string => {
  const literal = text(token);
  const bytes = token.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decode(bytesOf(bytes)) ?? literal;
};

/** The canonical text: the URL standard serialises IPv6 as RFC 5952 does, except for IPv4-mapped addresses. */
export const address = (token: string): string => {
  if (isIPv4(token)) return token;
  if (!isIPv6(token) || token.includes('%')) throw new Rejected('bad_address');
  const host = new URL(`http://[${token}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped === null) return host;
  const [high, low] = mapped.slice(1).map((group) => Number.parseInt(group, 16));
  return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
};

const largest = (field: Field): bigint => {
  if (field.id === 'srcport' || field.id === 'dstport') return 65_535n;
  if (field.id === 'protocol') return 255n;
  return field.kind === 'int32' ? 2n ** 31n - 1n : 2n ** 53n - 1n;
};

const value = (field: Field, token: string): Value => {
  if (field.id === 'log-status') {
    if (!/^(OK|NODATA|SKIPDATA)$/.test(token)) throw new Rejected('bad_status');
    return token;
  }
  if (token === '-') return null;
  if (field.id === 'action' && !/^(ACCEPT|REJECT)$/.test(token)) throw new Rejected('bad_status');
  if (field.kind === 'string') return text(token);
  if (field.kind === 'tag') return tag(token);
  if (field.kind === 'address') return address(token);
  if (!/^[0-9]+$/.test(token) || BigInt(token) > largest(field)) throw new Rejected('bad_number');
  return Number(token);
};

/** The ports of an OK line after the port rule. */
export const foldPorts = (
  settings: Pick<Settings, 'ports' | 'servicePorts'>,
  source: number,
  destination: number,
  protocol: Value,
  action: Value,
): [number, number] => {
  if (settings.ports === 'all') return [source, destination];
  if (protocol === 1 || protocol === 58) return [0, 0];
  const sourceListed = settings.servicePorts.includes(source);
  const destinationListed = settings.servicePorts.includes(destination);
  if (sourceListed && destinationListed) return [source, destination];
  const ephemeral =
    sourceListed !== destinationListed
      ? sourceListed
        ? 'destination'
        : 'source'
      : destination > source
        ? 'destination'
        : 'source';
  if (ephemeral === 'source') return [0, destination];
  return action === 'REJECT' ? [source, destination] : [source, 0];
};

const has = (format: Format, id: string): boolean => format.fields.some((field) => field?.id === id);

const number = (found: Value | undefined): number | null => (typeof found === 'number' ? found : null);

const timeOf = (format: Format, values: ReadonlyMap<string, Value>, time: LineTime): number | null => {
  if (has(format, 'start')) return number(values.get('start'));
  const end = number(values.get('end'));
  if (end !== null) return end;
  if (time.eventTime !== -1) return Math.floor(time.eventTime / 1000);
  return time.arrival === -1 ? null : Math.floor(time.arrival / 1000);
};

const inRange = (seconds: number): boolean => {
  const year = new Date(seconds * 1000).getUTCFullYear(); // NaN past the end of Date's own range
  return year >= 2000 && year < 2100;
};

const read = (format: Format, settings: Settings, line: Uint8Array, time: LineTime): ReadFlow => {
  const tokens = Buffer.from(line)
    .toString('latin1')
    .split(/ +/)
    .filter((token) => token !== '');
  if (tokens.length !== format.fields.length) throw new Rejected('token_count');
  const values = new Map<string, Value>();
  for (const [at, field] of format.fields.entries()) {
    if (field !== null) values.set(field.id, value(field, tokens[at]));
  }
  const moment = timeOf(format, values, time);
  const end = number(values.get('end'));
  if (moment === null || !inRange(moment) || moment > time.latestStart) throw new Rejected('bad_time');
  if (end !== null && !inRange(end)) throw new Rejected('bad_time');
  const status = values.get('log-status') ?? 'OK';
  const source = number(values.get('srcport'));
  const destination = number(values.get('dstport'));
  if (status === 'OK' && source !== null && destination !== null) {
    const folded = foldPorts(
      settings,
      source,
      destination,
      values.get('protocol') ?? null,
      values.get('action') ?? null,
    );
    values.set('srcport', folded[0]);
    values.set('dstport', folded[1]);
  }
  return {
    outcome: status === 'NODATA' || status === 'SKIPDATA' ? status : 'OK',
    minute: Math.floor(moment / 60),
    start: number(values.get('start')),
    end,
    tcpFlags: number(values.get('tcp-flags')),
    values: Object.fromEntries(
      [...KEY_FIELDS, ...SUM_FIELDS].map((field) => [field.column, values.get(field.id) ?? null]),
    ),
  };
};

/** Reads one line as LineReader does. */
export const readLine = (
  format: Format,
  settings: Settings,
  line: Uint8Array,
  time: LineTime,
): ReadFlow | ReadReject => {
  try {
    return read(format, settings, line, time);
  } catch (error) {
    if (error instanceof Rejected) return { outcome: 'REJECT', reason: error.reason };
    throw error;
  }
};

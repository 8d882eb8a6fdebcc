// Turns what LineReader left in a Flow and a pool into plain values, so that they can be compared and printed.

import {
  LINE_NODATA,
  LINE_OK,
  LINE_REJECT,
  LINE_SKIPDATA,
  type LineReader,
  type LineTime,
} from '../../pipeline/decode/line.ts';
import type { StringPool } from '../../pipeline/digest/strings.ts';
import { Flow, NULL } from '../../pipeline/flow.ts';
import { KEY_FIELDS, SUM_FIELDS } from '../../schemas/columns.ts';
import type { ReadFlow, ReadReject, Value } from './line.ts';

/** A line outside a stream and without an envelope. */
export const NO_TIME: LineTime = { eventTime: -1, arrival: -1, latestStart: Number.POSITIVE_INFINITY };

const OUTCOMES = { [LINE_OK]: 'OK', [LINE_NODATA]: 'NODATA', [LINE_SKIPDATA]: 'SKIPDATA' } as const;

const plain = (value: number): number | null => (value === NULL ? null : value);

const valuesOf = (flow: Flow, pool: StringPool): Record<string, Value> => {
  const values: Record<string, Value> = {};
  for (const [word, field] of KEY_FIELDS.entries()) {
    const key = plain(flow.keys[word]);
    const number = field.kind === 'int32' || field.kind === 'int64';
    values[field.column] = key === null || number ? key : pool.text(key);
  }
  for (const [at, field] of SUM_FIELDS.entries()) values[field.column] = plain(flow.sums[at]);
  return values;
};

/** Reads a line, given as text or bytes, with a reader. */
export const readWith = (
  reader: LineReader,
  line: string | Uint8Array,
  pool: StringPool,
  time: LineTime = NO_TIME,
  flow: Flow = new Flow(),
): ReadFlow | (ReadReject & { readonly detail: string }) => {
  const bytes = typeof line === 'string' ? Buffer.from(line) : line;
  // A line never lies alone in its buffer.
  const around = Buffer.concat([Buffer.from('9 '), bytes, Buffer.from('9 -')]);
  const outcome = reader.read(around, 2, 2 + bytes.length, time, pool, flow);
  if (outcome === LINE_REJECT) return { outcome: 'REJECT', reason: reader.reason, detail: reader.detail };
  return {
    outcome: OUTCOMES[outcome],
    minute: flow.minute,
    start: plain(flow.start),
    end: plain(flow.end),
    tcpFlags: plain(flow.tcpFlags),
    values: valuesOf(flow, pool),
  };
};

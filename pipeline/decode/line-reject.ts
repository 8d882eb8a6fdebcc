// Turns the place where a line could not be read into the reason and detail of its reject.
import type { Field } from '../../schemas/fields.ts';
import type { LineReason } from '../../schemas/rejects.ts';
import { NULL } from '../flow.ts';
import type { Format } from '../formats/format.ts';

export interface LineReject {
  readonly reason: LineReason;
  readonly detail: string;
}

// Times of flows lie from 2000-01-01 (inclusive) to 2100-01-01 (exclusive), Unix seconds; milliseconds never do.
const EARLIEST_TIME = 946_684_800;
const LATEST_TIME = 4_102_444_800;

/** Whether Unix seconds are a time at which a flow can have been logged. */
export const isTime = (seconds: number): boolean => seconds >= EARLIEST_TIME && seconds < LATEST_TIME;

const SPACE = 0x20;
const SHOWN_BYTES = 48; // of a token, in a detail

/** How many tokens a line has: runs of bytes other than spaces. */
export function countTokens(buf: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let p = start; p < end; p++) {
    if (buf[p] !== SPACE && (p === start || buf[p - 1] === SPACE)) count++;
  }
  return count;
}

const shown = (buf: Uint8Array, start: number, end: number): string => {
  let stop = start;
  while (stop < end && buf[stop] !== SPACE) stop++;
  const cut = Math.min(stop, start + SHOWN_BYTES);
  const text = Buffer.from(buf.buffer, buf.byteOffset + start, cut - start).toString('utf8');
  return stop > cut ? `${text}…` : text;
};

const fieldReason = (field: Field): readonly [LineReason, string] => {
  if (field.id === 'log-status') return ['bad_status', 'OK, NODATA or SKIPDATA'];
  if (field.id === 'action') return ['bad_status', 'ACCEPT or REJECT'];
  switch (field.kind) {
    case 'address':
      return ['bad_address', 'an IPv4 or IPv6 address'];
    case 'int32':
    case 'int64':
      return ['bad_number', 'a whole number in range'];
    case 'string':
    case 'tag':
      return ['no_format', 'UTF-8 text'];
  }
};

/**
 * Why the token at `pos`, the `at`-th of the line, could not be read. A line with too few or too many tokens is rejected
 * for that, whatever is wrong with one of them, since its values then stand under the wrong names.
 */
export function explainToken(
  format: Format,
  at: number,
  buf: Uint8Array,
  start: number,
  end: number,
  pos: number,
): LineReject {
  const tokens = countTokens(buf, start, end);
  const expected = format.fields.length;
  const field = format.fields[at];
  if (tokens !== expected || field === null || field === undefined) {
    return { reason: 'token_count', detail: `${tokens} tokens where the format has ${expected}` };
  }
  const [reason, wanted] = fieldReason(field);
  return { reason, detail: `${field.id} '${shown(buf, pos, end)}' is not ${wanted}` };
}

/** What is wrong with the time of a line (`moment`), its `end`, or both, in Unix seconds; `latest` is the latest moment. */
export function explainTime(moment: number, end: number, latest: number): string {
  if (moment === NULL) return 'the line has no time';
  if (!isTime(moment)) return `${moment} is not a time in seconds from 2000 to 2099`;
  if (moment > latest) return `${moment} is more than a day after the record's arrival`;
  return `end ${end} is not a time in seconds from 2000 to 2099`;
}

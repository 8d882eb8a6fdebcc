// Turns lines into digest rows, coverage, rejects and counts, by the format of their log group or header.

import { KEY_INDEX } from '../../schemas/columns.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { EnvelopeReason, LineReason } from '../../schemas/rejects.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { RawPart } from '../envelope/sink.ts';
import { Flow } from '../flow.ts';
import { type Format, headerFormat } from '../formats/format.ts';
import { chooseFormat, isRuled, UNDECLARED_FORMAT, undeclaredFormat } from '../formats/format-choice.ts';
import type { DecodeTarget } from './decode-target.ts';
import { LINE_NODATA, LINE_OK, LINE_REJECT, LINE_SKIPDATA, type LineOutcome, LineReader } from './line.ts';

const ACCOUNT = KEY_INDEX.get('account_id') ?? 0;
const INTERFACE = KEY_INDEX.get('interface_id') ?? 0;
/** Formats and log groups come from data, too: caches of them end here, and begin anew. */
const MAX_CACHED = 256;
/** How far ahead of its record's arrival a flow may begin, s. */
const MAX_AHEAD = 86_400;

/** What one record of the stream may bring at most, so that no record can take a worker down; an object is cut into parts. */
const MAX_RECORD_REJECTS = 1_000_000; // lines
const MAX_RECORD_HOURS = 10_000; // partitions

/** The record brings more than a worker can hold: the rest of it is one reject. */
export class RecordLimit extends Error {}

const HEADER_BYTES = new Uint8Array(256);
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_ ')) HEADER_BYTES[byte] = 1;

/** Memory that cannot be had is no property of the line: the record must come again elsewhere. */
export const isOurs = (error: unknown): boolean =>
  !(error instanceof VpcflowError) && !(error instanceof RangeError && /allocation|out of memory/i.test(error.message));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where the lines come from. */
export interface LineOrigin {
  readonly source: string;
  readonly arrival: number; // Unix ms, or -1
  /** The record's bytes, kept whole beside what is cut; null for an object. */
  readonly record: Buffer | null;
}

export class LineDecoder {
  readonly settings: Settings;
  target!: DecodeTarget;
  afterLine: (() => void) | null = null;
  /** The target is at work: what is thrown now is not about the line. */
  outside = false;
  /** Whether the last raw line was a header. */
  afterHeader = false;
  #origin: LineOrigin = { source: '', arrival: -1, record: null };
  #logGroup: string | null = null;
  #format = UNDECLARED_FORMAT;
  #header: Format | null = null; // of the record's last header line
  #ordinal = 0; // lines of the record counted so far
  #rejectsLeft = Number.POSITIVE_INFINITY;
  #maxHours = Number.POSITIVE_INFINITY;
  readonly #time = { eventTime: -1, arrival: -1, latestStart: Number.POSITIVE_INFINITY };
  readonly #flow = new Flow();
  readonly #formats = new Map<string | null, Format>();
  readonly #readers = new Map<Format, LineReader>();
  #reader: LineReader;

  constructor(settings: Settings) {
    this.settings = settings;
    this.#reader = this.#readerOf(this.#format);
  }

  /** To be called before the first record, and when what follows goes elsewhere. */
  useTarget(target: DecodeTarget): void {
    this.target = target;
    target.tally.useGroup(this.#logGroup);
  }

  /** From now on the lines are those of another record or object. */
  begin(origin: LineOrigin, isStream: boolean): void {
    this.#origin = origin;
    this.#ordinal = 0;
    this.#header = null;
    this.#rejectsLeft = isStream ? MAX_RECORD_REJECTS : Number.POSITIVE_INFINITY;
    this.#maxHours = isStream ? this.#hours() + MAX_RECORD_HOURS : Number.POSITIVE_INFINITY;
    this.#time.arrival = origin.arrival;
    this.#time.latestStart = isStream ? Math.floor(origin.arrival / 1000) + MAX_AHEAD : Number.POSITIVE_INFINITY;
    this.useLogGroup(null);
  }

  /** The lines that follow came with this log group, or without any; a rule of the log group wins over a header line. */
  useLogGroup(logGroup: string | null): void {
    this.#logGroup = logGroup;
    this.target.tally.useGroup(logGroup);
    let format = this.#formats.get(logGroup);
    if (format === undefined) {
      if (this.#formats.size >= MAX_CACHED) this.#formats.clear();
      format = chooseFormat(this.settings, logGroup);
      this.#formats.set(logGroup, format);
    }
    const header = logGroup !== null && this.#header !== null && isRuled(this.settings, logGroup) ? null : this.#header;
    this.#useFormat(header ?? format);
  }

  /** The lines that follow are not those of an envelope any more. */
  leaveLogGroup(): void {
    if (this.#logGroup !== null) this.useLogGroup(null);
  }

  /** Like `line`, for text that may have header lines. */
  rawLine(buf: Uint8Array, from: number, to: number, cut: boolean): void {
    const start = skipBlank(buf, from, to);
    this.afterHeader = false;
    if (!cut && buf[start] >= 0x61 && buf[start] <= 0x7a) {
      let end = start;
      while (end < to && HEADER_BYTES[buf[end]] === 1) end++;
      if (skipBlank(buf, end, to) === to) {
        const format = headerFormat(Buffer.from(buf.subarray(start, end)).toString('latin1').trim());
        if (format !== null) {
          if (format.unknown.length > 0) this.target.tally.skippedFields(format.unknown);
          this.#header = format;
          this.#useFormat(format);
          this.afterHeader = true;
          return;
        }
      }
    }
    this.line(buf, start, to, -1, cut);
  }

  /** One line, counted out; blanks around it are none of it, and blanks alone are no line. */
  line(buf: Uint8Array, from: number, to: number, eventTime: number, cut: boolean): void {
    const start = skipBlank(buf, from, to);
    let end = to;
    while (end > start && isBlank(buf[end - 1])) end--;
    this.#time.eventTime = eventTime;
    if (cut) {
      this.#reject('line_too_long', 'the line is longer than 64 KiB', buf.subarray(from, to), true);
    } else if (start === end) {
      return;
    } else {
      const reader = this.#format === UNDECLARED_FORMAT ? this.#undeclared(buf, start, end) : this.#reader;
      this.#count(reader, this.#read(reader, buf, start, end), buf, start, end);
    }
    this.#ordinal++;
    if (this.afterLine !== null) {
      this.outside = true;
      this.afterLine();
      this.outside = false;
    }
  }

  /** A record or object, or the rest of one, that cannot be decoded. */
  rejectRest(reason: EnvelopeReason, detail: string, offset: number, part: RawPart | null): void {
    this.#rejectPart(reason, detail, offset, part, null);
  }

  /** Something in an envelope that has no line. */
  rejectEvent(detail: string, part: RawPart): void {
    this.#rejectPart('envelope_undecodable', detail, part.start, part, this.#logGroup);
  }

  #rejectPart(
    reason: EnvelopeReason,
    detail: string,
    offset: number,
    part: RawPart | null,
    logGroup: string | null,
  ): void {
    const { source, record } = this.#origin;
    const raw = part?.bytes ?? record ?? new Uint8Array(0);
    const cut = part?.cut ?? false;
    this.target.tally.reject('envelope', reason);
    const reject = { reason, detail, source, offset, logGroup, raw, cut } as const;
    this.target.rejects.add({ ...reject, scope: 'envelope', time: null, format: null, whole: record });
  }

  #hours(): number {
    return this.target.digest.hours + this.target.coverage.hours;
  }

  #count(reader: LineReader, outcome: LineOutcome, buf: Uint8Array, start: number, end: number): void {
    const { target } = this;
    const flow = this.#flow;
    this.outside = true;
    if (outcome === LINE_OK) {
      if (target.digest.add(flow)) target.tally.flow(flow);
      else this.#reject('bad_number', 'the sum of its row would pass 2^63 - 1', buf.subarray(start, end), false);
    } else if (outcome === LINE_REJECT) {
      const raw = buf.subarray(start, end);
      this.#reject(reader.reason, reader.detail, raw, false);
      target.tally.mismatch(reader.reason, reader.format, raw);
    } else {
      const status = outcome === LINE_NODATA ? 'NODATA' : 'SKIPDATA';
      target.coverage.add(flow.minute, flow.keys[ACCOUNT], flow.keys[INTERFACE], status, flow.end);
      if (outcome === LINE_SKIPDATA) target.tally.skipdata();
      else target.tally.nodata(flow);
    }
    this.outside = false;
    if (this.#hours() > this.#maxHours) throw new RecordLimit(`its lines are of more than ${MAX_RECORD_HOURS} hours`);
  }

  #read(reader: LineReader, buf: Uint8Array, start: number, end: number): LineOutcome {
    try {
      return reader.read(buf, start, end, this.#time, this.target.pool, this.#flow);
    } catch (error) {
      if (!isOurs(error)) {
        this.outside = true;
        throw error;
      }
      reader.reason = 'decoder_error';
      reader.detail = messageOf(error);
      return LINE_REJECT;
    }
  }

  #reject(reason: LineReason, detail: string, raw: Uint8Array, cut: boolean): void {
    const { source, record } = this.#origin;
    const logGroup = this.#logGroup;
    const whole = cut ? record : null;
    const offset = this.#ordinal;
    const time = this.#time.eventTime < 0 ? null : this.#time.eventTime;
    if (this.#rejectsLeft-- === 0) {
      this.outside = false;
      throw new RecordLimit(`more than ${MAX_RECORD_REJECTS} of its lines are rejects`);
    }
    this.target.tally.reject('line', reason);
    const format = this.#format === this.#header ? this.#format.text : null;
    const reject = { reason, scope: 'line', detail, source, offset, logGroup, time, format, raw, cut, whole } as const;
    this.target.rejects.add(reject);
  }

  #undeclared(buf: Uint8Array, start: number, end: number): LineReader {
    if (buf[start] !== 0x36) return this.#reader;
    const format = undeclaredFormat(buf, start, end);
    return format === this.#format ? this.#reader : this.#readerOf(format);
  }

  #useFormat(format: Format): void {
    if (format === this.#format) return;
    this.#format = format;
    this.#reader = this.#readerOf(format);
  }

  #readerOf(format: Format): LineReader {
    let reader = this.#readers.get(format);
    if (reader === undefined) {
      if (this.#readers.size >= MAX_CACHED) this.#readers.clear();
      reader = new LineReader(format, this.settings);
      this.#readers.set(format, reader);
    }
    return reader;
  }
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0d || byte === 0x0a || byte === 0x09;

const skipBlank = (buf: Uint8Array, from: number, to: number): number => {
  let start = from;
  while (start < to && isBlank(buf[start])) start++;
  return start;
};

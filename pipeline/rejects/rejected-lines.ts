// Turns rejected lines that decode under other settings into digest rows, coverage and counts, and says why others do not.
import { KEY_INDEX } from '../../schemas/columns.ts';
import type { LineReason, Reject } from '../../schemas/rejects.ts';
import type { Settings } from '../../schemas/settings.ts';
import { isOurs } from '../decode/decode-lines.ts';
import { LINE_NODATA, LINE_OK, LINE_REJECT, type LineOutcome, LineReader } from '../decode/line.ts';
import type { EpochContents } from '../epoch/contents.ts';
import { Flow } from '../flow.ts';
import { type Format, parseFormat } from '../formats/format.ts';
import { chooseFormat, settingsOfObject, UNDECLARED_FORMAT, undeclaredFormat } from '../formats/format-choice.ts';
import { rejectedBytes } from './reject-row.ts';

const ACCOUNT = KEY_INDEX.get('account_id') ?? 0;
const INTERFACE = KEY_INDEX.get('interface_id') ?? 0;
const MAX_CACHED = 256;
const MAX_AHEAD = 86_400; // s, of a flow's start after its record's arrival

/** What is known of all lines of one source. */
export interface RejectedOrigin {
  readonly arrival: number; // Unix ms: the time of lines that have no other
  /** Whether they came by a stream: then none begins more than a day after its arrival. */
  readonly isStream: boolean;
  /** Whether the header that a line came under goes before the formats of the settings, not after them. */
  readonly headersFirst: boolean;
}

export class RejectedLines {
  readonly #settings: Settings;
  readonly #time: { eventTime: number; readonly arrival: number; readonly latestStart: number };
  readonly #headersFirst: boolean;
  readonly #flow = new Flow();
  readonly #headers = new Map<string, Format>();
  readonly #readers = new Map<Format, LineReader>();

  constructor(settings: Settings, { arrival, isStream, headersFirst }: RejectedOrigin) {
    const latestStart = isStream ? Math.floor(arrival / 1000) + MAX_AHEAD : Number.POSITIVE_INFINITY;
    this.#settings = settings;
    this.#headersFirst = headersFirst;
    this.#time = { eventTime: -1, arrival, latestStart };
  }

  /** Merges a line and counts it, and returns null; or, with nothing changed, why it does not match either. */
  take(reject: Reject, into: EpochContents): LineReason | null {
    const bytes = rejectedBytes(reject);
    const reader = this.#readerOf(this.#formatOf(reject, bytes));
    const flow = this.#flow;
    this.#time.eventTime = reject.time ?? -1;
    const outcome = this.#read(reader, bytes, into);
    if (outcome === LINE_REJECT) return reader.reason;
    if (outcome === LINE_OK) {
      if (!into.digest.add(flow)) return 'bad_number'; // the sum of its row would pass what a column holds
      into.tally.flow(flow);
      return null;
    }
    const status = outcome === LINE_NODATA ? 'NODATA' : 'SKIPDATA';
    into.coverage.add(flow.minute, flow.keys[ACCOUNT] ?? 0, flow.keys[INTERFACE] ?? 0, status, flow.end);
    if (outcome === LINE_NODATA) into.tally.nodata(flow);
    else into.tally.skipdata();
    return null;
  }

  #read(reader: LineReader, bytes: Buffer, into: EpochContents): LineOutcome {
    try {
      return reader.read(bytes, 0, bytes.length, this.#time, into.pool, this.#flow);
    } catch (error) {
      if (!isOurs(error)) throw error;
      reader.reason = 'decoder_error';
      return LINE_REJECT;
    }
  }

  #formatOf(reject: Reject, bytes: Buffer): Format {
    if (reject.format !== undefined && this.#headersFirst) return this.#headerOf(reject.format);
    const format = chooseFormat(settingsOfObject(this.#settings, reject.source), reject.log_group ?? null);
    if (format !== UNDECLARED_FORMAT) return format;
    return reject.format === undefined ? undeclaredFormat(bytes, 0, bytes.length) : this.#headerOf(reject.format);
  }

  /** One object for each text, so that it has one reader. */
  #headerOf(text: string): Format {
    let format = this.#headers.get(text);
    if (format === undefined) {
      if (this.#headers.size >= MAX_CACHED) this.#headers.clear();
      format = parseFormat(text);
      this.#headers.set(text, format);
    }
    return format;
  }

  #readerOf(format: Format): LineReader {
    let reader = this.#readers.get(format);
    if (reader === undefined) {
      if (this.#readers.size >= MAX_CACHED) this.#readers.clear();
      reader = new LineReader(format, this.#settings);
      this.#readers.set(format, reader);
    }
    return reader;
  }
}

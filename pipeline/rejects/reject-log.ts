// Turns rejects into the bounded, deterministic objects that keep them: gzip NDJSON, and the whole bytes of what is cut.
import { isUtf8 } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { MAX_REJECT_RAW_BYTES, type Reject, type RejectReason } from '../../schemas/rejects.ts';

/** NDJSON text of one gzip member, bytes: bounds what is held uncompressed. */
const MEMBER_BYTES = 1024 * 1024;

/** What is known of a reject when it happens; `raw` may be a view of a buffer that is reused afterwards. */
export interface NewReject {
  readonly reason: RejectReason;
  readonly scope: Reject['scope'];
  readonly detail: string;
  readonly source: string;
  readonly offset: number;
  readonly logGroup: string | null;
  /** Of the log event, Unix ms; null: it came in none. */
  readonly time: number | null;
  /** LogFormat of the header or schema that was in force; null: none was. */
  readonly format: string | null;
  readonly raw: Uint8Array;
  /** True when `raw` is only the beginning of what was rejected. */
  readonly cut: boolean;
  /** The whole record, kept beside the log once for all rejects that hand over the same array. */
  readonly whole: Uint8Array | null;
}

export interface RejectObjects {
  /** The `.ndjson.gz` object, or null when nothing was rejected. */
  readonly ndjsonGz: Uint8Array | null;
  /** The `<source>-<n>.raw` objects in order of n. */
  readonly raws: readonly Uint8Array[];
}

export class RejectLog {
  readonly #source: string;
  readonly #members: Buffer[] = [];
  readonly #raws: Uint8Array[] = [];
  #lines: string[] = [];
  #pending = 0; // bytes of text in #lines
  #held = 0; // bytes in #members and #raws
  #rows = 0;
  #lastWhole: Uint8Array | null = null;

  /** @param source names the raw objects: `<source>-<n>.raw`. */
  constructor(source: string) {
    this.#source = source;
  }

  /** Rejects so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Memory held, bytes. */
  get bytes(): number {
    return this.#pending + this.#held;
  }

  add(reject: NewReject): void {
    this.#rows++;
    const line = `${JSON.stringify(this.#row(reject))}\n`;
    this.#lines.push(line);
    this.#pending += Buffer.byteLength(line);
    if (this.#pending >= MEMBER_BYTES) this.#closeMember();
  }

  /** Ends the log; nothing may be added afterwards. */
  finish(): RejectObjects {
    if (this.#pending > 0) this.#closeMember();
    return { ndjsonGz: this.#rows === 0 ? null : Buffer.concat(this.#members), raws: this.#raws };
  }

  #row(reject: NewReject): Reject {
    const cut = reject.cut || reject.raw.length > MAX_REJECT_RAW_BYTES;
    const kept = cut ? wholeCharacters(reject.raw.subarray(0, MAX_REJECT_RAW_BYTES)) : reject.raw;
    const bytes = Buffer.from(kept.buffer, kept.byteOffset, kept.length);
    return {
      reason: reject.reason,
      scope: reject.scope,
      detail: reject.detail,
      source: reject.source,
      offset: reject.offset,
      ...(reject.logGroup === null ? {} : { log_group: reject.logGroup }),
      ...(reject.time === null ? {} : { time: reject.time }),
      ...(reject.format === null ? {} : { format: reject.format }),
      ...(isUtf8(bytes) ? { raw: bytes.toString('utf8') } : { raw_base64: bytes.toString('base64') }),
      ...(cut ? { cut: true } : {}),
      ...(reject.whole === null ? {} : { whole: this.#keep(reject.whole) }),
    };
  }

  /** The name of the object that holds `whole`. */
  #keep(whole: Uint8Array): string {
    if (whole !== this.#lastWhole) {
      this.#raws.push(whole);
      this.#held += whole.length;
      this.#lastWhole = whole;
    }
    return `${this.#source}-${this.#raws.length - 1}.raw`;
  }

  #closeMember(): void {
    const member = gzipSync(this.#lines.join(''));
    this.#members.push(member);
    this.#held += member.length;
    this.#lines = [];
    this.#pending = 0;
  }
}

/** Leaves out the character that a cut has split, so that text stays text. */
const wholeCharacters = (bytes: Uint8Array): Uint8Array => {
  for (let drop = 1; drop <= 3 && drop < bytes.length; drop++) {
    const byte = bytes[bytes.length - drop];
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return drop < length ? bytes.subarray(0, bytes.length - drop) : bytes;
    }
  }
  return bytes;
};

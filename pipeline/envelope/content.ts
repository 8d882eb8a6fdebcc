// Turns the decompressed bytes of a record or object into JSON objects or raw lines, by what their first byte is;
// a header line may stand before objects, too.
import { LineScanner, type LineSink } from './lines.ts';
import { ObjectScanner } from './scanner.ts';
import type { ObjectSink, RawPart } from './sink.ts';

const NEWLINE = 0x0a;
const OPEN = 0x7b;
const MARK = [0xef, 0xbb, 0xbf]; // of UTF-8, as some tools write it in front of text

const isBlank = (byte: number): boolean => byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;

/** Reads chunks cut anywhere; which way they are cut makes no difference to what the sink is told. */
export class Content {
  readonly #sink: ObjectSink & LineSink;
  #marked = 0; // bytes of the byte order mark that were read
  #offset = 0; // before the first byte that counts
  #objects: ObjectScanner | null = null;
  #lines: LineScanner | null = null;
  /** What the next byte belongs to: the first line, what follows a header, or anything. */
  #at: 'first line' | 'behind header' | 'anywhere' = 'first line';

  constructor(sink: ObjectSink & LineSink) {
    this.#sink = sink;
  }

  /** Byte offset of the next byte to scan. */
  get offset(): number {
    return (this.#objects ?? this.#lines)?.offset ?? this.#offset;
  }

  /** The scanner that waits for a look-ahead, or null. */
  get paused(): ObjectScanner | null {
    return this.#objects?.paused === true ? this.#objects : null;
  }

  /** Nothing that could follow would change anything. */
  get exhausted(): boolean {
    return this.#objects?.exhausted === true;
  }

  /** What makes the content unreadable, where it does. */
  get failure(): { readonly detail: string; readonly offset: number } | null {
    return this.#objects?.failure ?? null;
  }

  /** What was begun and not ended, or could not be read. */
  get unfinished(): RawPart | null {
    return this.#objects?.unfinished ?? this.#lines?.unfinished ?? null;
  }

  /** A JSON object was begun and not ended. */
  get inside(): boolean {
    return this.#objects?.inside === true;
  }

  /** Reads `buf[start, end)`, the bytes that follow the last; returns where it stopped: `end`, unless it is paused. */
  scan(buf: Buffer, start: number, end: number): number {
    let p = start;
    if (this.#objects === null && this.#lines === null) {
      p = this.#skipBlank(buf, start, end);
      if (p === end) return end;
    }
    if (this.#lines !== null && this.#at !== 'anywhere') p = this.#scanBeginning(this.#lines, buf, p, end);
    if (this.#objects !== null) return this.#objects.scan(buf, p, end);
    this.#lines?.scan(buf, p, end);
    return end;
  }

  /** The data are over, and whole. */
  finish(): void {
    this.#lines?.finish();
  }

  /** The data are over before their end. */
  abandon(): void {
    this.#objects?.abandon();
  }

  /** Passes over a byte order mark and white space, and chooses the scanner at the first byte behind them. */
  #skipBlank(buf: Buffer, start: number, end: number): number {
    for (let p = start; p < end; p++) {
      const byte = buf[p];
      const mark = this.#offset === this.#marked && byte === MARK[this.#marked];
      if (mark) this.#marked++;
      else if (!isBlank(byte)) {
        this.#choose(byte);
        return p;
      }
      this.#offset++;
    }
    return end;
  }

  /** Reads the first line, and goes over to objects where it was a header and they follow; returns where it stopped. */
  #scanBeginning(lines: LineScanner, buf: Buffer, start: number, end: number): number {
    let p = start;
    if (this.#at === 'first line') {
      const newline = buf.indexOf(NEWLINE, p);
      if (newline < 0 || newline >= end) return p;
      lines.scan(buf, p, newline + 1);
      p = newline + 1;
      this.#at = this.#sink.afterHeader ? 'behind header' : 'anywhere';
    }
    if (this.#at === 'anywhere') return p;
    for (; p < end && isBlank(buf[p]); p++) lines.offset++; // blanks in front of a line are none of it
    if (p === end) return end;
    this.#at = 'anywhere';
    if (buf[p] !== OPEN) return p;
    this.#objects = new ObjectScanner(this.#sink);
    this.#objects.offset = lines.offset;
    this.#lines = null;
    return p;
  }

  #choose(first: number): void {
    if (first === OPEN) this.#objects = new ObjectScanner(this.#sink);
    else this.#lines = new LineScanner(this.#sink);
    const scanner = this.#objects ?? this.#lines;
    if (scanner !== null) scanner.offset = this.#offset;
  }
}

// Turns a stream of text, in chunks cut anywhere, into its lines without copying those that lie in one chunk.
import { MAX_LINE_BYTES } from '../../schemas/rejects.ts';
import { Capture } from './capture.ts';
import type { RawPart } from './sink.ts';

const NEWLINE = 0x0a;

/** Given each line without its line end, empty ones included; `cut` when the line is longer than MAX_LINE_BYTES. */
export interface LineSink {
  /** Whether the last line was a header. */
  readonly afterHeader: boolean;
  rawLine(buf: Uint8Array, start: number, end: number, cut: boolean): void;
}

export class LineScanner {
  /** Byte offset of the next byte to scan. */
  offset = 0;
  readonly #sink: LineSink;
  readonly #begun = new Capture(MAX_LINE_BYTES); // the beginning of a line that goes on in the next chunk
  #start = 0; // its byte offset

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  /** Reads `buf[start, end)`, the bytes that follow the last. */
  scan(buf: Buffer, start: number, end: number): void {
    let p = start;
    for (;;) {
      const newline = buf.indexOf(NEWLINE, p);
      if (newline < 0 || newline >= end) break;
      if (this.#begun.total > 0) {
        this.#begun.append(buf, p, newline);
        this.finish();
      } else {
        const cut = newline - p > MAX_LINE_BYTES;
        this.#sink.rawLine(buf, p, cut ? p + MAX_LINE_BYTES : newline, cut);
      }
      p = newline + 1;
    }
    if (this.#begun.total === 0) this.#start = this.offset + (p - start);
    this.#begun.append(buf, p, end);
    this.offset += end - start;
  }

  /** The data are over: a line without an end is one all the same. */
  finish(): void {
    const { buffer, kept, cut, total } = this.#begun;
    if (total === 0) return;
    this.#begun.clear();
    this.#sink.rawLine(buffer, 0, kept, cut);
  }

  /** The line that has no end yet, or null. */
  get unfinished(): RawPart | null {
    if (this.#begun.total === 0) return null;
    return { start: this.#start, bytes: this.#begun.bytes, cut: this.#begun.cut };
  }
}

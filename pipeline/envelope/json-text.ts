// Reads one JSON string that may arrive in pieces: a view of the chunk where it is whole and plain, else an unescaped copy.
import { Capture } from './capture.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const REPLACEMENT = 0xfffd;

const PLAIN = 0;
const ESCAPE = 1; // after a backslash
const HEX = 2; // inside \uXXXX

/** What the letter after a backslash stands for; -1 where JSON has no such escape. */
const ESCAPES = new Int16Array(256).fill(-1);
for (const [letter, value] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  ESCAPES[letter.charCodeAt(0)] = value.charCodeAt(0);
}

const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};

export class JsonText {
  /** The closing quote was read. */
  done = false;
  /** An escape was none of JSON's. */
  bad = false;
  /** The string is `buf[start, end)` once it is done: of the last chunk, or a copy that lives until the next `begin`. */
  buf: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** It is longer than the limit, and only its beginning is there. */
  cut = false;
  readonly #copy: Capture;
  #copying = false;
  #state = PLAIN;
  #code = 0; // of a \uXXXX
  #digits = 0;
  #high = 0; // a high surrogate that waits for its other half

  /** @param limit bytes of unescaped text that are kept */
  constructor(limit: number) {
    this.#copy = new Capture(limit);
  }

  /** Whether the string is a copy and not a view of a chunk. */
  get copied(): boolean {
    return this.#copying;
  }

  /** The string as text. */
  get text(): string {
    return Buffer.from(this.buf.buffer, this.buf.byteOffset + this.start, this.end - this.start).toString('utf8');
  }

  /** The next byte to `read` is the first after the opening quote. */
  begin(): void {
    this.done = false;
    this.bad = false;
    this.#copying = false;
    this.#copy.clear();
    this.#state = PLAIN;
    this.#high = 0;
  }

  /** Reads on; returns the position after what it took: after the closing quote, at a bad escape, or `end`. */
  read(buf: Uint8Array, from: number, end: number): number {
    let p = from;
    while (p < end) {
      if (this.#state === PLAIN) {
        const start = p;
        let byte = buf[p];
        while (byte !== QUOTE && byte !== BACKSLASH && ++p < end) byte = buf[p];
        if (p < end && byte === QUOTE) {
          this.#close(buf, start, p);
          return p + 1;
        }
        this.#append(buf, start, p);
        if (p < end) {
          this.#state = ESCAPE;
          p++;
        }
      } else if (this.#state === ESCAPE) {
        if (!this.#escape(buf[p])) return p;
        p++;
      } else {
        if (!this.#hex(buf[p])) return p;
        p++;
      }
    }
    return p;
  }

  #append(buf: Uint8Array, start: number, end: number): void {
    this.#copying = true;
    if (start === end) return;
    this.#flushHigh();
    this.#copy.append(buf, start, end);
  }

  #close(buf: Uint8Array, start: number, end: number): void {
    this.done = true;
    if (this.#copying) {
      this.#append(buf, start, end);
      this.#flushHigh();
      this.buf = this.#copy.buffer;
      this.start = 0;
      this.end = this.#copy.kept;
      this.cut = this.#copy.cut;
      return;
    }
    this.buf = buf;
    this.start = start;
    this.cut = end - start > this.#copy.limit;
    this.end = this.cut ? start + this.#copy.limit : end;
  }

  #escape(letter: number): boolean {
    if (letter === 0x75) {
      this.#code = 0;
      this.#digits = 0;
      this.#state = HEX;
      return true;
    }
    const value = ESCAPES[letter];
    if (value < 0) {
      this.bad = true;
      return false;
    }
    this.#flushHigh();
    this.#copy.byte(value);
    this.#state = PLAIN;
    return true;
  }

  #hex(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit < 0) {
      this.bad = true;
      return false;
    }
    this.#code = this.#code * 16 + digit;
    if (++this.#digits < 4) return true;
    this.#state = PLAIN;
    const code = this.#code;
    if (code >= 0xdc00 && code <= 0xdfff && this.#high !== 0) {
      this.#copy.codePoint(0x10000 + ((this.#high - 0xd800) << 10) + (code - 0xdc00));
      this.#high = 0;
      return true;
    }
    this.#flushHigh();
    if (code >= 0xd800 && code <= 0xdbff) this.#high = code;
    else this.#copy.codePoint(code >= 0xdc00 && code <= 0xdfff ? REPLACEMENT : code);
    return true;
  }

  /** Half a surrogate pair is no character. */
  #flushHigh(): void {
    if (this.#high === 0) return;
    this.#high = 0;
    this.#copy.codePoint(REPLACEMENT);
  }
}

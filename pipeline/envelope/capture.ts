// Collects the first bytes of something that may be of any length and arrive in any number of pieces.

const NOTHING = new Uint8Array(0);

export class Capture {
  readonly limit: number; // bytes kept
  /** Bytes handed over, kept or not. */
  total = 0;
  #buf: Uint8Array = NOTHING;

  constructor(limit: number) {
    this.limit = limit;
  }

  get kept(): number {
    return Math.min(this.total, this.limit);
  }

  /** The kept bytes are `buffer[0, kept)`; valid until the next change. */
  get buffer(): Uint8Array {
    return this.#buf;
  }

  get bytes(): Uint8Array {
    return this.#buf.subarray(0, this.kept);
  }

  get cut(): boolean {
    return this.total > this.limit;
  }

  clear(): void {
    this.total = 0;
  }

  append(from: Uint8Array, start: number, end: number): void {
    const room = Math.min(end - start, this.limit - this.kept);
    if (room > 0) {
      this.#reserve(this.kept + room);
      this.#buf.set(from.subarray(start, start + room), this.kept);
    }
    this.total += end - start;
  }

  byte(value: number): void {
    if (this.total < this.limit) {
      this.#reserve(this.total + 1);
      this.#buf[this.total] = value;
    }
    this.total++;
  }

  /** One Unicode scalar value as UTF-8. */
  codePoint(code: number): void {
    if (code < 0x80) {
      this.byte(code);
      return;
    }
    if (code < 0x800) {
      this.byte(0xc0 | (code >> 6));
    } else {
      if (code < 0x10000) {
        this.byte(0xe0 | (code >> 12));
      } else {
        this.byte(0xf0 | (code >> 18));
        this.byte(0x80 | ((code >> 12) & 0x3f));
      }
      this.byte(0x80 | ((code >> 6) & 0x3f));
    }
    this.byte(0x80 | (code & 0x3f));
  }

  #reserve(size: number): void {
    if (size <= this.#buf.length) return;
    const grown = new Uint8Array(Math.min(this.limit, Math.max(size, 2 * this.#buf.length, 256)));
    grown.set(this.#buf.subarray(0, this.kept));
    this.#buf = grown;
  }
}

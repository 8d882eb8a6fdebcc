// Reads past one JSON value that nobody wants, of any depth and length, without recursion and without keeping any of it.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const NESTED = 0;
const TEXT = 1;
const ESCAPE = 2; // after a backslash in TEXT
const SCALAR = 3;

/** Bytes of numbers and literals; anything else ends one. */
export const SCALAR_BYTES = new Uint8Array(256);
for (const byte of Buffer.from('+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')) {
  SCALAR_BYTES[byte] = 1;
}

/** Brackets are counted, not matched, and literals not checked: what is skipped is never looked at again. */
export class JsonSkip {
  /** The value was read to its end. */
  done = false;
  #state = NESTED;
  #depth = 0;

  /** `first` is the value's first byte, which is read again; false if no value begins with it. */
  begin(first: number): boolean {
    this.done = false;
    this.#depth = 0;
    if (first === QUOTE || first === 0x7b || first === 0x5b) this.#state = NESTED;
    else if (SCALAR_BYTES[first] === 1) this.#state = SCALAR;
    else return false;
    return true;
  }

  /** Reads on; returns the position after what it took: after the value's last byte, or `end`. */
  read(buf: Uint8Array, from: number, end: number): number {
    let p = from;
    while (p < end && !this.done) {
      if (this.#state === TEXT) p = this.#text(buf, p, end);
      else if (this.#state === NESTED) p = this.#nested(buf, p, end);
      else if (this.#state === ESCAPE) {
        p++;
        this.#state = TEXT;
      } else {
        while (p < end && SCALAR_BYTES[buf[p]] === 1) p++;
        this.done = p < end;
      }
    }
    return p;
  }

  #text(buf: Uint8Array, from: number, end: number): number {
    for (let p = from; p < end; p++) {
      const byte = buf[p];
      if (byte === BACKSLASH) {
        this.#state = ESCAPE;
        return p + 1;
      }
      if (byte === QUOTE) {
        this.#state = NESTED;
        this.done = this.#depth === 0;
        return p + 1;
      }
    }
    return end;
  }

  #nested(buf: Uint8Array, from: number, end: number): number {
    for (let p = from; p < end; p++) {
      const byte = buf[p];
      if (byte === QUOTE) {
        this.#state = TEXT;
        return p + 1;
      }
      if (byte === 0x7b || byte === 0x5b) this.#depth++;
      else if ((byte === 0x7d || byte === 0x5d) && --this.#depth === 0) {
        this.done = true;
        return p + 1;
      }
    }
    return end;
  }
}

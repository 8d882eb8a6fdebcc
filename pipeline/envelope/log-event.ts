// Holds where the parts of the log event that is being read lie: views of chunks, with nothing copied that is plain.
import { MAX_LINE_BYTES } from '../../schemas/rejects.ts';
import type { JsonText } from './json-text.ts';
import type { UsualEvent } from './usual-event.ts';

/** The longest id, key or header value that is kept, bytes. */
export const MAX_NAME_BYTES = 4096;

const NOTHING = new Uint8Array(0);

/** Milliseconds of a timestamp written as a number or in a string; -1 when it is none. */
export const milliseconds = (text: string): number => {
  const value = text === '' ? Number.NaN : Math.trunc(Number(text));
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : -1;
};

/** The same for the first `length` bytes of a buffer; nearly always they are digits, and need no string. */
export const numberOf = (buf: Uint8Array, length: number): number => {
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = buf[i] - 0x30;
    if (digit < 0 || digit > 9 || i === 15)
      return milliseconds(Buffer.from(buf.subarray(0, length)).toString('latin1'));
    value = value * 10 + digit;
  }
  return value;
};

export class LogEvent {
  time = -1; // Unix ms, or -1
  hasMessage = false;
  /** The message is `message[start, end)`; `cut` when it goes on. */
  message: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  cut = false;
  #idBuf: Uint8Array = NOTHING;
  #idStart = 0;
  #idEnd = 0;

  /** Nothing is known yet. */
  clear(): void {
    this.time = -1;
    this.hasMessage = false;
    this.#idStart = 0;
    this.#idEnd = 0;
  }

  get id(): string {
    return Buffer.from(
      this.#idBuf.buffer,
      this.#idBuf.byteOffset + this.#idStart,
      this.#idEnd - this.#idStart,
    ).toString();
  }

  setMessage(text: JsonText): void {
    this.hasMessage = true;
    this.message = text.buf;
    this.start = text.start;
    this.end = text.end;
    this.cut = text.cut;
  }

  setId(text: JsonText): void {
    this.#idBuf = text.copied ? text.buf.slice(text.start, text.end) : text.buf;
    this.#idStart = text.copied ? 0 : text.start;
    this.#idEnd = this.#idStart + (text.end - text.start);
  }

  setUsual(buf: Uint8Array, usual: UsualEvent): void {
    this.time = usual.time;
    this.hasMessage = true;
    this.message = buf;
    this.start = usual.messageStart;
    this.cut = usual.messageEnd - usual.messageStart > MAX_LINE_BYTES;
    this.end = this.cut ? usual.messageStart + MAX_LINE_BYTES : usual.messageEnd;
    this.#idBuf = buf;
    this.#idStart = usual.idStart;
    this.#idEnd = Math.min(usual.idEnd, usual.idStart + MAX_NAME_BYTES);
  }

  copyId(from: LogEvent): void {
    this.#idBuf = from.#idBuf;
    this.#idStart = from.#idStart;
    this.#idEnd = from.#idEnd;
  }
}

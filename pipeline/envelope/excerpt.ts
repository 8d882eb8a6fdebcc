// Keeps the first bytes of one part of a byte stream, taken from the chunks only where they are about to be lost.
import { MAX_REJECT_RAW_BYTES } from '../../schemas/rejects.ts';
import { Capture } from './capture.ts';

export class Excerpt {
  /** Byte offset in the stream at which the part begins. */
  start = 0;
  readonly #capture = new Capture(MAX_REJECT_RAW_BYTES);
  #next = 0; // byte offset in the stream of the next byte to take

  begin(offset: number): void {
    this.start = offset;
    this.#next = offset;
    this.#capture.clear();
  }

  /** Takes what is missing up to the offset `to` from `buf`, whose first byte has the offset `base`. */
  take(buf: Uint8Array, base: number, to: number): this {
    if (to > this.#next) {
      this.#capture.append(buf, this.#next - base, to - base);
      this.#next = to;
    }
    return this;
  }

  /** The first bytes that were taken; valid until the next `begin`. */
  get bytes(): Uint8Array {
    return this.#capture.bytes;
  }

  /** There was more than is kept. */
  get cut(): boolean {
    return this.#capture.cut;
  }
}

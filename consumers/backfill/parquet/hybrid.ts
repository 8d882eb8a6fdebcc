// Turns runs and bit-packed groups into the small numbers that they hold: definition levels and places in a dictionary.
// Source: "RLE/Bit-Packing Hybrid", Apache Parquet encodings.
import { ParquetDamage } from '../../shared/parquet/damage.ts';

const MAX_WIDTH = 32;

export class HybridReader {
  readonly #buf: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  readonly #width: number; // bits of a number
  #position: number;
  #left = 0; // numbers of the current run
  #value = 0; // of a run of equal numbers
  #bit = -1; // of the next number of a bit-packed run, from the begin of `buf`; -1: it is none

  /** Reads `buf[position, end)`. */
  constructor(buf: Buffer, position: number, end: number, width: number) {
    if (width > MAX_WIDTH) throw new ParquetDamage(`a page has numbers of ${width} bits`);
    if (end > buf.length) throw new RangeError('the page ends inside its levels');
    this.#buf = buf;
    this.#view = new DataView(buf.buffer, buf.byteOffset, buf.length);
    this.#position = position;
    this.#end = end;
    this.#width = width;
  }

  /** The next `count` numbers into `out`. Throws RangeError when there are not as many. */
  read(out: Int32Array, count: number): void {
    for (let at = 0; at < count; ) {
      if (this.#left === 0) this.#begin();
      const some = Math.min(this.#left, count - at);
      if (this.#bit < 0) out.fill(this.#value, at, at + some);
      else this.#unpack(out, at, some);
      this.#left -= some;
      at += some;
    }
  }

  /** Passes over the next `count` numbers where they are ones of one run; else over none. */
  passOnes(count: number): boolean {
    if (this.#left === 0) this.#begin();
    if (this.#bit >= 0 || this.#value !== 1 || this.#left < count) return false;
    this.#left -= count;
    return true;
  }

  #begin(): void {
    let header = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      header += (byte & 127) * scale;
      if (byte < 128) break;
      if (scale > 2 ** 35) throw new ParquetDamage('a page has a run that is too long');
    }
    const bytes = (this.#width + 7) >> 3;
    if (header % 2 === 0) {
      this.#left = header / 2;
      this.#bit = -1;
      this.#value = 0;
      for (let i = 0; i < bytes; i++) this.#value |= this.#byte() << (8 * i);
      return;
    }
    const groups = (header - 1) / 2;
    this.#left = groups * 8;
    this.#bit = this.#position * 8;
    this.#position += groups * this.#width;
  }

  #byte(): number {
    if (this.#position >= this.#end) throw new RangeError('the page ends inside its numbers');
    return this.#buf[this.#position++];
  }

  #unpack(out: Int32Array, at: number, count: number): void {
    const buf = this.#buf;
    const width = this.#width;
    let bit = this.#bit;
    this.#bit = bit + count * width;
    if (this.#bit > this.#end * 8) throw new RangeError('the page ends inside its numbers');
    let i = at;
    const end = at + count;
    if (width <= 24) {
      const view = this.#view;
      const mask = (1 << width) - 1;
      const last = (view.byteLength - 4) * 8; // behind it no 32 bits can be read
      for (; i < end && bit <= last; i++, bit += width) out[i] = (view.getInt32(bit >>> 3, true) >>> (bit & 7)) & mask;
    }
    for (; i < end; i++, bit += width) out[i] = bits(buf, bit, width);
  }
}

/** A number of at most 32 bits at any bit, as a signed 32-bit integer. */
export const bits = (buf: Uint8Array, bit: number, width: number): number => {
  let value = 0;
  for (let got = 0; got < width; ) {
    const from = (bit + got) & 7;
    const some = Math.min(8 - from, width - got);
    value |= ((buf[(bit + got) >>> 3] >> from) & ((1 << some) - 1)) << got;
    got += some;
  }
  return value;
};

// Turns numbers that are stored as their differences into numbers.
// Source: "Delta Encoding (DELTA_BINARY_PACKED)", Apache Parquet encodings.
import { ParquetDamage } from '../../shared/parquet/damage.ts';
import { bits } from './hybrid.ts';

export class DeltaReader {
  /** Behind the last number, once all are read. */
  position: number;
  readonly #buf: Buffer;
  readonly #bytes: 4 | 8; // of a number
  readonly #miniblocks: number; // of a block
  readonly #miniblockValues: number;
  /** How many there are in all. */
  readonly count: number;
  #unread: number;
  #value: bigint;
  #first = true;
  #minimum = 0n;
  #widths: Uint8Array = new Uint8Array(0); // bits, of the miniblocks of this block
  #miniblock = 0; // that comes next
  #left = 0; // numbers of the current miniblock
  #width = 0;
  #bit = 0;

  constructor(buf: Buffer, position: number, bytes: 4 | 8) {
    this.#buf = buf;
    this.position = position;
    this.#bytes = bytes;
    const blockValues = Number(this.#varint());
    this.#miniblocks = Number(this.#varint());
    this.count = Number(this.#varint());
    this.#unread = this.count;
    this.#value = this.#zigzag();
    this.#miniblockValues = blockValues / this.#miniblocks;
    const sound = this.#miniblocks > 0 && this.#miniblocks <= 1024 && this.#miniblockValues % 8 === 0;
    if (!sound || this.#miniblockValues < 8 || this.#miniblockValues > 65_536) {
      throw new ParquetDamage('a page has differences in blocks of an impossible size');
    }
  }

  /** The next number, as a signed integer of as many bytes as it was said to have. */
  next(): bigint {
    if (this.#unread-- <= 0) throw new RangeError('the page has fewer numbers than values');
    if (this.#first) {
      this.#first = false;
      return this.#value;
    }
    if (this.#left === 0) this.#begin();
    this.#left--;
    const width = this.#width;
    const low = BigInt(bits(this.#buf, this.#bit, Math.min(width, 32)) >>> 0);
    const high = width > 32 ? BigInt(bits(this.#buf, this.#bit + 32, width - 32) >>> 0) << 32n : 0n;
    this.#bit += width;
    this.#value = BigInt.asIntN(this.#bytes * 8, this.#value + this.#minimum + high + low);
    return this.#value;
  }

  #begin(): void {
    if (this.#miniblock === this.#widths.length) {
      this.#minimum = this.#zigzag();
      const from = this.position;
      this.position += this.#miniblocks;
      if (this.position > this.#buf.length) throw new RangeError('the page ends inside its differences');
      this.#widths = this.#buf.subarray(from, this.position);
      this.#miniblock = 0;
    }
    const width = this.#widths[this.#miniblock++];
    // Of 32-bit numbers, too, some writers take differences of 64 bits.
    if (width > 64) throw new ParquetDamage(`a page has differences of ${width} bits`);
    this.#width = width;
    this.#bit = this.position * 8;
    this.#left = this.#miniblockValues;
    this.position += (width * this.#miniblockValues) / 8;
    if (this.position > this.#buf.length) throw new RangeError('the page ends inside its differences');
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#buf.readUInt8(this.position++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
      if (shift > 63n) throw new ParquetDamage('a page has a number that does not end');
    }
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
  }
}

/** All numbers of a page, as 32-bit integers: the lengths of texts. `position` is behind them. */
export const deltaLengths = (buf: Buffer, from: number, most: number): { lengths: Int32Array; position: number } => {
  const reader = new DeltaReader(buf, from, 4);
  if (reader.count > most) throw new ParquetDamage(`a page has ${reader.count} texts for ${most} values`);
  const lengths = new Int32Array(reader.count);
  for (let i = 0; i < lengths.length; i++) lengths[i] = Number(reader.next());
  return { lengths, position: reader.position };
};

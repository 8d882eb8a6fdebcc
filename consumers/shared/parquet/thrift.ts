// Turns bytes of Thrift's compact protocol into plain values: fields by their number, lists, numbers, bytes.
// Source: "Thrift Compact protocol", Apache Thrift specifications.
import { ParquetDamage } from './damage.ts';

export type ThriftValue = boolean | number | Uint8Array | readonly ThriftValue[] | ThriftStruct;
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const MAP = 11;
const STRUCT = 12;
const MAX_DEPTH = 16;

/** Reads one struct from `buf`; `position` is then behind it. Throws ParquetDamage, or RangeError when `buf` ends before. */
export class ThriftReader {
  position: number;
  readonly #buf: Buffer;

  constructor(buf: Buffer, position = 0) {
    this.#buf = buf;
    this.position = position;
  }

  struct(depth = 0): ThriftStruct {
    if (depth > MAX_DEPTH) throw new ParquetDamage('its metadata is nested too deeply');
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ; ) {
      const head = this.#byte();
      const type = head & 15;
      if (type === STOP) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      fields.set(id, type === TRUE || type === FALSE ? type === TRUE : this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TRUE:
      case FALSE:
        return this.#byte() === TRUE; // as an element of a list
      case BYTE:
        return (this.#byte() << 24) >> 24;
      case I16:
      case I32:
      case I64:
        return this.#zigzag();
      case DOUBLE:
        this.position += 8;
        return this.#buf.readDoubleLE(this.position - 8);
      case BINARY:
        return this.#bytes();
      case LIST:
      case SET:
        return this.#list(depth);
      case MAP:
        return this.#map(depth);
      case STRUCT:
        return this.struct(depth + 1);
      default:
        throw new ParquetDamage(`its metadata has a value of the unknown type ${type}`);
    }
  }

  #list(depth: number): readonly ThriftValue[] {
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    const list: ThriftValue[] = [];
    for (let i = 0; i < count; i++) list.push(this.#value(head & 15, depth + 1));
    return list;
  }

  /** Keys and values, one after the other. */
  #map(depth: number): readonly ThriftValue[] {
    const count = this.#varint();
    if (count === 0) return [];
    const types = this.#byte();
    const list: ThriftValue[] = [];
    for (let i = 0; i < count; i++) list.push(this.#value(types >> 4, depth + 1), this.#value(types & 15, depth + 1));
    return list;
  }

  #bytes(): Uint8Array {
    const length = this.#varint();
    const from = this.position;
    if (length > this.#buf.length - from) throw new RangeError('the metadata end inside a text');
    this.position = from + length;
    return this.#buf.subarray(from, from + length);
  }

  #byte(): number {
    return this.#buf.readUInt8(this.position++);
  }

  /** Exact up to 2^53; nothing that is read here is larger in a file that can be read. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      if (scale > 2 ** 63) throw new ParquetDamage('its metadata has a number that does not end');
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

// Turns the values of a page, without its NULLs, into where their texts lie, a few at a time.
import { ParquetDamage } from './damage.ts';
import { DeltaReader, deltaLengths } from './delta.ts';
import type { ParquetColumn } from './footer.ts';
import { HybridReader } from './hybrid.ts';
import {
  DELTA_BINARY_PACKED,
  DELTA_BYTE_ARRAY,
  DELTA_LENGTH_BYTE_ARRAY,
  PLAIN,
  PLAIN_DICTIONARY,
  RLE_DICTIONARY,
} from './page.ts';
import { integerWriter, TextWriter, writeInt96 } from './texts.ts';

/** The texts of a dictionary, or of some values. */
export interface Texts {
  bytes: Buffer;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Puts where the texts of the next `count` values lie into `starts` and `ends`, and the buffer in which they do into `bytes`. */
export type ReadValues = (into: Texts, count: number) => void;

/** Values of the column, one after the other as they are. */
const plain = (page: Buffer, from: number, column: ParquetColumn): ReadValues => {
  const out = new TextWriter();
  const write = integerWriter(column);
  let at = from;
  const each =
    (one: () => void): ReadValues =>
    (into, count) => {
      out.length = 0;
      for (let i = 0; i < count; i++) {
        into.starts[i] = out.length;
        one();
        into.ends[i] = out.length;
      }
      into.bytes = out.bytes;
    };
  switch (column.type) {
    case 'BYTE_ARRAY':
      return (into, count) => {
        for (let i = 0; i < count; i++) {
          const start = at + 4;
          const end = start + page.readUInt32LE(at);
          if (end > page.length) throw new RangeError('the page ends inside a text');
          into.starts[i] = start;
          into.ends[i] = end;
          at = end;
        }
        into.bytes = page;
      };
    case 'INT32':
      return each(() => {
        const value = page.readInt32LE(at);
        at += 4;
        write(out, value >>> 0, value >> 31);
      });
    case 'INT64':
      return each(() => {
        const low = page.readUInt32LE(at);
        const high = page.readInt32LE(at + 4);
        at += 8;
        write(out, low, high);
      });
    case 'INT96':
      return each(() => {
        writeInt96(out, page, at);
        at += 12;
      });
    case 'FLOAT':
      return each(() => {
        out.text(String(page.readFloatLE(at)));
        at += 4;
      });
    case 'DOUBLE':
      return each(() => {
        out.text(String(page.readDoubleLE(at)));
        at += 8;
      });
    default:
      throw new ParquetDamage(`column ${column.name} is of the type ${column.type}, which no field has`);
  }
};

/** How many bytes a value has at least: what bounds the size of a dictionary. */
const LEAST_BYTES: Readonly<Record<string, number>> = { INT64: 8, DOUBLE: 8, INT96: 12 };

/** All values of a dictionary page. */
export const readDictionary = (page: Buffer, count: number, column: ParquetColumn): Texts => {
  if (count * (LEAST_BYTES[column.type] ?? 4) > page.length) {
    throw new ParquetDamage(`the dictionary of column ${column.name} is not of ${count} values`);
  }
  const texts = { bytes: page, starts: new Int32Array(count), ends: new Int32Array(count) };
  plain(page, 0, column)(texts, count);
  return texts;
};

const fromDictionary = (page: Buffer, from: number, dictionary: Texts | null): ReadValues => {
  if (dictionary === null) throw new ParquetDamage('a page has no dictionary');
  const { starts, ends } = dictionary;
  const indices = new HybridReader(page, from + 1, page.length, page[from] ?? 0);
  return (into, count) => {
    const places = into.starts;
    indices.read(places, count);
    for (let i = 0; i < count; i++) {
      const place = places[i];
      if (place >>> 0 >= starts.length) throw new ParquetDamage('a page has a value that is not in its dictionary');
      into.ends[i] = ends[place];
      places[i] = starts[place];
    }
    into.bytes = dictionary.bytes;
  };
};

const fromDeltas = (page: Buffer, from: number, column: ParquetColumn): ReadValues => {
  const isLong = column.type === 'INT64';
  if (!isLong && column.type !== 'INT32') throw unknownEncoding(DELTA_BINARY_PACKED, column);
  const numbers = new DeltaReader(page, from, isLong ? 8 : 4);
  const out = new TextWriter();
  const write = integerWriter(column);
  return (into, count) => {
    out.length = 0;
    for (let i = 0; i < count; i++) {
      const value = numbers.next();
      into.starts[i] = out.length;
      write(out, Number(BigInt.asUintN(32, value)), Number(value >> 32n));
      into.ends[i] = out.length;
    }
    into.bytes = out.bytes;
  };
};

/** Texts of which the lengths come first; with `prefixes`, each begins with so many bytes of the one before it. */
const fromLengths = (page: Buffer, from: number, most: number, isPrefixed: boolean): ReadValues => {
  const prefixes = isPrefixed ? deltaLengths(page, from, most) : null;
  const { lengths, position } = deltaLengths(page, prefixes?.position ?? from, most);
  let [next, at] = [0, position];
  let previous = Buffer.alloc(0);
  return (into, count) => {
    if (next + count > lengths.length) throw new RangeError('the page has fewer texts than values');
    const parts: Buffer[] = [];
    let length = 0;
    for (let i = 0; i < count; i++, next++) {
      const end = at + lengths[next];
      if (lengths[next] < 0 || end > page.length) throw new RangeError('the page ends inside a text');
      if (prefixes === null) {
        into.starts[i] = at;
        into.ends[i] = end;
      } else {
        const prefix = prefixes.lengths[next];
        if (!(prefix >= 0 && prefix <= previous.length)) throw new RangeError('a text has too long a prefix');
        previous = Buffer.concat([previous.subarray(0, prefix), page.subarray(at, end)]);
        into.starts[i] = length;
        length += previous.length;
        into.ends[i] = length;
        if (length > MAX_TEXTS) throw new ParquetDamage('a page has texts that are too long');
        parts.push(previous);
      }
      at = end;
    }
    into.bytes = prefixes === null ? page : Buffer.concat(parts);
  };
};

/** Bytes of the texts of a few thousand values that repeat each other. */
const MAX_TEXTS = 128 * 1024 * 1024;

const unknownEncoding = (encoding: number, { name, type }: ParquetColumn): ParquetDamage =>
  new ParquetDamage(`column ${name} has ${type} values in the encoding ${encoding}, which is not read`);

/** A reader of the `most` values, at most, that begin at `from` in a page. Throws ParquetDamage, or RangeError. */
export const readValues = (
  page: Buffer,
  from: number,
  most: number,
  encoding: number,
  column: ParquetColumn,
  dictionary: Texts | null,
): ReadValues => {
  const { type, meaning } = column;
  const isText = type === 'BYTE_ARRAY' && meaning.kind !== 'other';
  switch (encoding) {
    case PLAIN:
      return plain(page, from, column);
    case PLAIN_DICTIONARY:
    case RLE_DICTIONARY:
      return fromDictionary(page, from, dictionary);
    case DELTA_BINARY_PACKED:
      return fromDeltas(page, from, column);
    case DELTA_LENGTH_BYTE_ARRAY:
    case DELTA_BYTE_ARRAY:
      if (isText) return fromLengths(page, from, most, encoding === DELTA_BYTE_ARRAY);
      throw unknownEncoding(encoding, column);
    default:
      throw unknownEncoding(encoding, column);
  }
};

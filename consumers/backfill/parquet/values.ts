// Turns the values of a page, without its NULLs, into texts, some at a time.
import { ParquetDamage } from '../../shared/parquet/damage.ts';
import type { ParquetColumn } from '../../shared/parquet/footer.ts';
import { DeltaReader, deltaLengths } from './delta.ts';
import { HybridReader } from './hybrid.ts';
import {
  DELTA_BINARY_PACKED,
  DELTA_BYTE_ARRAY,
  DELTA_LENGTH_BYTE_ARRAY,
  PLAIN,
  PLAIN_DICTIONARY,
  RLE_DICTIONARY,
} from './page.ts';
import { absentPlace, BATCH_ROWS, integerWriter, type Texts, TextWriter, tokenWriter, writeInt96 } from './texts.ts';

/** The texts of the next `count` values, at most BATCH_ROWS; which text is whose is put into `places`. */
export type ReadValues = (places: Int32Array, count: number) => Texts;

const IN_ORDER = Int32Array.from({ length: BATCH_ROWS }, (_, i) => i);

/** Each value as it is written by `one`. */
const written = (out: TextWriter, one: () => void): ReadValues => {
  return (places, count) => {
    places.set(count === BATCH_ROWS ? IN_ORDER : IN_ORDER.subarray(0, count));
    out.fill(count, one);
    return out;
  };
};

const LENGTH_BYTES = 4; // in front of a text
const USUAL_TEXT_BYTES = 32; // of it, at most

/** Values of the column, one after the other as they are; `most` of them at a time. */
const plain = (page: Buffer, from: number, column: ParquetColumn, most: number): ((count: number) => Texts) => {
  const size = page.length;
  let at = from;
  if (column.type === 'BYTE_ARRAY') {
    const out = new TextWriter(most, Math.min(size, most * USUAL_TEXT_BYTES));
    const token = tokenWriter(out, column);
    const one = (): void => {
      const start = at + LENGTH_BYTES;
      at = start + page.readUInt32LE(at);
      if (at > size) throw new RangeError('the page ends inside a text');
      token(page, start, at);
    };
    return (count) => {
      out.fill(count, one);
      return out;
    };
  }
  const out = new TextWriter(most);
  const one = plainWriter(out, page, column);
  const width = WIDTHS[column.type] ?? 0;
  return (count) => {
    if (at + count * width > size) throw new RangeError('the page has fewer numbers than values');
    const first = at;
    out.fill(count, (i) => one(first + i * width));
    at += count * width;
    return out;
  };
};

const WIDTHS: Readonly<Record<string, number>> = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8, INT96: 12 };

/** Writes the number at a place of the page. */
const plainWriter = (out: TextWriter, page: Buffer, column: ParquetColumn): ((at: number) => void) => {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const write = integerWriter(column);
  switch (column.type) {
    case 'INT32':
      return (at) => write(out, view.getUint32(at, true), view.getInt32(at, true) >> 31);
    case 'INT64':
      return (at) => write(out, view.getUint32(at, true), view.getInt32(at + 4, true));
    case 'INT96':
      return (at) => writeInt96(out, page, at);
    case 'FLOAT':
      return (at) => out.text(String(view.getFloat32(at, true)));
    case 'DOUBLE':
      return (at) => out.text(String(view.getFloat64(at, true)));
    default:
      throw new ParquetDamage(`column ${column.name} is of the type ${column.type}, which no field has`);
  }
};

/** All values of a dictionary page. */
export const readDictionary = (page: Buffer, count: number, column: ParquetColumn): Texts => {
  if (count * (WIDTHS[column.type] ?? 4) > page.length) {
    throw new ParquetDamage(`the dictionary of column ${column.name} is not of ${count} values`);
  }
  const { view, starts } = plain(page, 0, column, count)(count);
  return { view, starts };
};

const fromDictionary = (page: Buffer, from: number, dictionary: Texts | null): ReadValues => {
  if (dictionary === null) throw new ParquetDamage('a page has no dictionary');
  const indices = new HybridReader(page, from + 1, page.length, page[from] ?? 0);
  const size = absentPlace(dictionary);
  return (places, count) => {
    indices.read(places, count);
    for (let i = 0; i < count; i++) {
      if (places[i] >>> 0 >= size) throw new ParquetDamage('a page has a value that is not in its dictionary');
    }
    return dictionary;
  };
};

const fromDeltas = (page: Buffer, from: number, column: ParquetColumn): ReadValues => {
  const isLong = column.type === 'INT64';
  if (!isLong && column.type !== 'INT32') throw unknownEncoding(DELTA_BINARY_PACKED, column);
  const numbers = new DeltaReader(page, from, isLong ? 8 : 4);
  const out = new TextWriter(BATCH_ROWS);
  const write = integerWriter(column);
  return written(out, () => {
    const value = numbers.next();
    write(out, Number(BigInt.asUintN(32, value)), Number(value >> 32n));
  });
};

/** Texts of which the lengths come first. */
const fromLengths = (page: Buffer, from: number, most: number, column: ParquetColumn): ReadValues => {
  const { lengths, position } = deltaLengths(page, from, most);
  const out = new TextWriter(BATCH_ROWS);
  const token = tokenWriter(out, column);
  let [next, at] = [0, position];
  return written(out, () => {
    if (next >= lengths.length) throw new RangeError('the page has fewer texts than values');
    const start = at;
    at = endOfText(page, start, lengths[next++]);
    token(page, start, at);
  });
};

/** Texts that begin as the one before them: the lengths of that come first, then those of the rest. */
const fromPrefixes = (page: Buffer, from: number, most: number, column: ParquetColumn): ReadValues => {
  const prefixes = deltaLengths(page, from, most);
  const { lengths, position } = deltaLengths(page, prefixes.position, most);
  const out = new TextWriter(BATCH_ROWS);
  let [next, at] = [0, position];
  const token = tokenWriter(out, column);
  let previous: Buffer = Buffer.alloc(0);
  return written(out, () => {
    if (next >= lengths.length || next >= prefixes.lengths.length) throw new RangeError('the page has too few texts');
    const prefix = prefixes.lengths[next];
    if (!(prefix >= 0 && prefix <= previous.length)) throw new RangeError('a text has too long a prefix');
    const end = endOfText(page, at, lengths[next++]);
    previous = Buffer.concat([previous.subarray(0, prefix), page.subarray(at, end)]);
    if (previous.length > page.length) throw new ParquetDamage('a page has a text that is longer than it');
    at = end;
    token(previous, 0, previous.length);
  });
};

const endOfText = (page: Buffer, start: number, length: number): number => {
  if (length < 0 || start + length > page.length) throw new RangeError('the page ends inside a text');
  return start + length;
};

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
  switch (encoding) {
    case PLAIN: {
      const read = plain(page, from, column, BATCH_ROWS);
      return (places, count) => {
        places.set(IN_ORDER.subarray(0, count));
        return read(count);
      };
    }
    case PLAIN_DICTIONARY:
    case RLE_DICTIONARY:
      return fromDictionary(page, from, dictionary);
    case DELTA_BINARY_PACKED:
      return fromDeltas(page, from, column);
    case DELTA_LENGTH_BYTE_ARRAY:
      if (column.type !== 'BYTE_ARRAY') throw unknownEncoding(encoding, column);
      return fromLengths(page, from, most, column);
    case DELTA_BYTE_ARRAY:
      if (column.type !== 'BYTE_ARRAY') throw unknownEncoding(encoding, column);
      return fromPrefixes(page, from, most, column);
    default:
      throw unknownEncoding(encoding, column);
  }
};

// Turns the pages of one column of a row group into the texts of its values, NULLs as empty ones.
import { crc32 } from 'node:zlib';
import { ParquetDamage, ParquetUnread } from '../../shared/parquet/damage.ts';
import type { ColumnChunk, ParquetColumn } from '../../shared/parquet/footer.ts';
import type { ReadBytes } from '../../shared/parquet/metadata.ts';
import { decompressPage } from './codec.ts';
import { HybridReader } from './hybrid.ts';
import type { Tokens } from './lines.ts';
import { BIT_PACKED, type PageHeader, PLAIN, PLAIN_DICTIONARY, RLE, readPageHeader } from './page.ts';
import { absentPlace, BATCH_ROWS, NO_TEXTS, type Texts } from './texts.ts';
import { type ReadValues, readDictionary, readValues } from './values.ts';

const WINDOW = 128 * 1024; // bytes of the file that are read at least
const MAX_HEADER_BYTES = 1024 * 1024; // it may quote the least and the greatest value

export class ColumnReader implements Tokens {
  readonly name: string;
  texts: Texts = NO_TEXTS;
  readonly places = new Int32Array(BATCH_ROWS);
  /** Of the current page. */
  rowsLeft = 0;
  readonly #column: ParquetColumn;
  readonly #chunk: ColumnChunk;
  readonly #readBytes: ReadBytes;
  #position: number; // in the file, of the first byte of the window
  #window: Buffer = Buffer.alloc(0);
  #unread: number; // values in pages to come
  #dictionary: Texts | null = null;
  #present: HybridReader | null = null; // 1 for a value, 0 for NULL
  readonly #presence = new Int32Array(BATCH_ROWS);
  #values: ReadValues = () => NO_TEXTS;

  constructor(column: ParquetColumn, chunk: ColumnChunk, readBytes: ReadBytes) {
    this.name = column.name;
    this.#column = column;
    this.#chunk = chunk;
    this.#readBytes = readBytes;
    this.#position = chunk.start;
    this.#unread = chunk.values;
  }

  /** Goes on to the page of the next row, if the current one has no more. */
  async load(): Promise<void> {
    while (this.rowsLeft === 0) {
      const header = await this.#header();
      await this.#fill(header.stored);
      if (this.#window.length < header.stored) throw new ParquetDamage('a page ends behind its column');
      const stored = this.#window.subarray(0, header.stored);
      this.#pass(header.stored);
      this.#readPage(header, stored);
    }
  }

  /** The texts of the next `count` values, at most `rowsLeft`. */
  read(count: number): void {
    this.rowsLeft -= count;
    if (this.#present === null || (count > 0 && this.#present.passOnes(count))) {
      this.texts = this.#values(this.places, count);
      return;
    }
    const presence = this.#presence;
    this.#present.read(presence, count);
    let values = 0;
    for (let i = 0; i < count; i++) values += presence[i];
    const { places } = this;
    this.texts = this.#values(places, values);
    if (values === count) return;
    const absent = absentPlace(this.texts);
    for (let i = count - 1; i >= 0; i--) places[i] = presence[i] === 1 ? places[--values] : absent;
  }

  #readPage(header: PageHeader, stored: Buffer): void {
    const { kind, values, encoding, size } = header;
    if (kind === 'other') return;
    if (header.crc !== null && crc32(stored) !== header.crc) {
      throw new ParquetDamage(`a page of column ${this.name} has not the checksum that it should`);
    }
    const { codec } = this.#chunk;
    if (kind === 'dictionary') {
      if (encoding !== PLAIN && encoding !== PLAIN_DICTIONARY) {
        throw new ParquetDamage(`column ${this.name} has a dictionary in the encoding ${encoding}`);
      }
      this.#dictionary = readDictionary(decompressPage(codec, stored, size), values, this.#column);
      return;
    }
    if (values > this.#unread) throw new ParquetDamage(`a page of column ${this.name} has more values than rows are`);
    this.#unread -= values;
    this.rowsLeft = values;
    const levels = header.repetitionBytes + header.definitionBytes; // data2
    let page: Buffer;
    let from = 0;
    this.#present = null;
    if (kind === 'data') {
      page = decompressPage(codec, stored, size);
      if (this.#column.optional) {
        if (header.levelEncoding !== RLE) {
          const isKnown = header.levelEncoding === BIT_PACKED && this.#chunk.encodings.includes(BIT_PACKED);
          throw new (isKnown ? ParquetUnread : ParquetDamage)('a page has levels in an encoding that is not read');
        }
        from = 4 + page.readUInt32LE(0);
        if (from > page.length) throw new RangeError('the page ends inside its levels');
        const present = Buffer.from(page.subarray(4, from)); // so that the page is not held for it
        this.#present = new HybridReader(present, 0, present.length, 1);
      }
    } else {
      const rest = stored.subarray(levels);
      if (levels > stored.length || levels > size) throw new RangeError('the page ends inside its levels');
      if (this.#column.optional) this.#present = new HybridReader(stored, header.repetitionBytes, levels, 1);
      page = header.compressed ? decompressPage(codec, rest, size - levels) : rest;
    }
    this.#values = readValues(page, from, values, encoding, this.#column, this.#dictionary);
  }

  async #header(): Promise<PageHeader> {
    for (let wanted = 1; ; wanted = this.#window.length + 1) {
      await this.#fill(wanted);
      if (this.#window.length === 0) throw new ParquetDamage(`column ${this.name} has fewer values than rows are`);
      try {
        const header = readPageHeader(this.#window);
        this.#pass(header.headerBytes);
        return header;
      } catch (error) {
        const isWhole = this.#window.length < wanted || this.#window.length > MAX_HEADER_BYTES;
        if (!(error instanceof RangeError) || isWhole) throw error;
      }
    }
  }

  /** Lets the window have `wanted` bytes, or as many as there are. */
  async #fill(wanted: number): Promise<void> {
    const end = this.#position + this.#window.length;
    if (this.#window.length >= wanted || end >= this.#chunk.end) return;
    const length = Math.min(Math.max(wanted - this.#window.length, WINDOW), this.#chunk.end - end);
    const more = await this.#readBytes(end, length);
    this.#window = this.#window.length === 0 ? more : Buffer.concat([this.#window, more]);
  }

  #pass(bytes: number): void {
    this.#position += bytes;
    const rest = this.#window.subarray(bytes);
    this.#window = bytes > WINDOW ? Buffer.from(rest) : rest; // so that a large page is not held for it
  }
}

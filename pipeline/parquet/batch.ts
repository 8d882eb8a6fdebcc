// Turns sorted digest rows into one Arrow record batch: columns of typed arrays, texts as codes into a sorted
// dictionary. Rows are gathered in blocks, because their words stand together and the columns' do not.
import {
  type DataType,
  Dictionary,
  Field,
  Int32,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
} from 'apache-arrow';
import type { Column } from '../../schemas/columns.ts';
import type { Digest } from '../digest/digest.ts';
import { NULL } from '../flow.ts';
import type { Dictionaries } from './dictionary.ts';

/** A column of a table and the word of a digest row where its value (or the low half of it) stands. */
export interface TableColumn {
  readonly column: Column;
  readonly word: number; // -1: no row has a value
  /** `minutes` are minutes that become ms; `one` and `two` are numbers of one or two words. */
  readonly words: 'minutes' | 'one' | 'two';
}

const BLOCK_ROWS = 512;

/** The Arrow schema of the columns; dictionary ids are positions, so that it depends on nothing else. */
const arrowSchema = (columns: readonly Column[]): Schema =>
  new Schema(
    columns.map((column, i) =>
      Field.new({
        name: column.name,
        type: arrowType(column, i),
        nullable: column.name !== 'minute' && !isCount(column),
      }),
    ),
  );

/** `flows` and `records` count lines: every row has one. */
const isCount = (column: Column): boolean => column.name === 'flows' || column.name === 'records';

const arrowType = (column: Column, id: number): DataType => {
  switch (column.type) {
    case 'timestamp':
      return new TimestampMillisecond('UTC');
    case 'int32':
      return new Int32();
    case 'int64':
      return new Int64();
    case 'string':
      return new Dictionary(new Utf8(), new Int32(), id);
  }
};

/** Builds the record batches of one table; each is valid until the next is built, for they share their memory. */
export class BatchBuilder {
  readonly #digest: Digest;
  readonly #columns: readonly TableColumn[];
  readonly #dictionaries: Dictionaries;
  readonly #schema: Schema;
  readonly #values: readonly Int32Array[];
  readonly #block: Int32Array;
  /** By column: how many distinct texts the last batch had; 0 for numbers. */
  readonly distinct: number[];

  /** For batches of at most `maxRows` rows. */
  constructor(digest: Digest, columns: readonly TableColumn[], dictionaries: Dictionaries, maxRows: number) {
    this.#digest = digest;
    this.#columns = columns;
    this.#dictionaries = dictionaries;
    this.#schema = arrowSchema(columns.map((c) => c.column));
    // One buffer a column: Arrow's stream writer would take neighbours in one buffer for one range.
    this.#values = columns.map((c) => new Int32Array(isWide(c.column) ? 2 * maxRows : maxRows));
    this.#block = new Int32Array(BLOCK_ROWS * digest.layout.stride);
    this.distinct = columns.map(() => 0);
  }

  /** The rows `order[from, to)`. */
  build(order: Int32Array, from: number, to: number): RecordBatch {
    const rows = to - from;
    const { stride } = this.#digest.layout;
    for (let start = 0; start < rows; start += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - start);
      gather(this.#digest, order, from + start, count, this.#block);
      this.#columns.forEach((c, i) => {
        if (c.word >= 0) scatter(this.#block, stride, count, c, this.#values[i], start);
      });
    }
    const children = this.#columns.map(({ column, word }, i) => {
      const values = this.#values[i].subarray(0, isWide(column) ? 2 * rows : rows);
      if (word < 0) values.fill(NULL);
      const data = arrowData(this.#schema.fields[i].type, column, values, rows, this.#dictionaries);
      this.distinct[i] = data.dictionary?.length ?? 0;
      return data;
    });
    const struct = makeData({ type: new Struct(this.#schema.fields), length: rows, nullCount: 0, children });
    return new RecordBatch(this.#schema, struct);
  }
}

const isWide = (column: Column): boolean => column.type === 'int64' || column.type === 'timestamp';

/** Copies whole rows into the block. */
const gather = (digest: Digest, order: Int32Array, from: number, count: number, block: Int32Array): void => {
  const { stride } = digest.layout;
  for (let r = 0; r < count; r++) digest.copyRow(order[from + r], block, r * stride);
};

/** Copies one column of the block into its values from row `start` on. */
const scatter = (
  block: Int32Array,
  stride: number,
  count: number,
  { column, word, words }: TableColumn,
  values: Int32Array,
  start: number,
): void => {
  if (!isWide(column)) {
    for (let r = 0, at = word; r < count; r++, at += stride) values[start + r] = block[at];
    return;
  }
  for (let r = 0, at = word, to = 2 * start; r < count; r++, at += stride, to += 2) {
    if (words === 'minutes') {
      const ms = block[at] * 60_000;
      values[to] = ms;
      values[to + 1] = Math.floor(ms / 0x1_0000_0000);
    } else {
      values[to] = block[at];
      values[to + 1] = words === 'two' ? block[at + 1] : 0;
    }
  }
};

const arrowData = (type: DataType, column: Column, values: Int32Array, rows: number, dictionaries: Dictionaries) => {
  // The sign of the only or of the high word tells NULL, for no value is negative.
  const validity = validityOf(values, rows, isWide(column) ? 2 : 1);
  if (type instanceof Dictionary) {
    const dictionary = makeVector(dictionaries.encode(values));
    return makeData({ type, length: rows, ...validity, data: values, dictionary });
  }
  if (type instanceof Int32) return makeData({ type, length: rows, ...validity, data: values });
  // The words of a row are little-endian halves already, as Arrow wants them.
  const data = new BigInt64Array(values.buffer, 0, rows);
  if (type instanceof TimestampMillisecond) return makeData({ type, length: rows, ...validity, data });
  return makeData({ type: new Int64(), length: rows, ...validity, data });
};

const validityOf = (values: Int32Array, rows: number, words: 1 | 2): { nullCount: number; nullBitmap?: Uint8Array } => {
  let nullCount = 0;
  for (let i = words - 1; i < values.length; i += words) if (values[i] < 0) nullCount++;
  if (nullCount === 0) return { nullCount };
  const nullBitmap = new Uint8Array((rows + 7) >>> 3);
  for (let r = 0, i = words - 1; r < rows; r++, i += words) if (values[i] >= 0) nullBitmap[r >>> 3] |= 1 << (r & 7);
  return { nullCount, nullBitmap };
};

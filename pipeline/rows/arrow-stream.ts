// Turns chunks of rows into an Arrow IPC stream, a piece at a time.
// Format: "Encapsulated message format" and "IPC streaming format", Apache Arrow columnar format 1.5.
import {
  type DataType,
  Field,
  Int32,
  Int64,
  makeBuilder,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
} from 'apache-arrow';
import type { Column, ColumnType } from '../../schemas/columns.ts';
import type { QueryValue } from '../../schemas/query.ts';

const arrowType = (type: ColumnType): DataType => {
  switch (type) {
    case 'timestamp':
      return new TimestampMillisecond('UTC');
    case 'string':
      return new Utf8();
    case 'int32':
      return new Int32();
    case 'int64':
      return new Int64();
  }
};

/** How a stream ends: a continuation marker and a length of zero. */
const END_OF_STREAM_BYTES = 8;

/** One stream: `head`, then `batch` for each chunk, then `end`. Every batch message stands for itself (no dictionaries). */
export class ArrowStream {
  readonly head: Uint8Array;
  readonly end: Uint8Array;
  readonly #schema: Schema;
  readonly #types: readonly ColumnType[];

  constructor(columns: readonly Column[]) {
    this.#schema = new Schema(columns.map((c) => new Field(c.name, arrowType(c.type), true)));
    this.#types = columns.map((c) => c.type);
    const empty = this.#message([]);
    this.head = empty.subarray(0, empty.length - END_OF_STREAM_BYTES);
    this.end = empty.subarray(empty.length - END_OF_STREAM_BYTES);
  }

  /** The rows as one record batch message. */
  batch(rows: readonly (readonly QueryValue[])[]): Uint8Array {
    const whole = this.#message(rows);
    return whole.subarray(this.head.length, whole.length - END_OF_STREAM_BYTES);
  }

  /** A whole stream of the schema and, when there are rows, one batch. */
  #message(rows: readonly (readonly QueryValue[])[]): Uint8Array {
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, this.#schema);
    if (rows.length > 0) writer.write(this.#recordBatch(rows));
    writer.finish();
    return writer.toUint8Array(true);
  }

  #recordBatch(rows: readonly (readonly QueryValue[])[]): RecordBatch {
    const children = this.#schema.fields.map((field, column) => {
      const builder = makeBuilder({ type: field.type, nullValues: [null] });
      const wide = this.#types[column] === 'int64';
      for (const row of rows) {
        const value = row[column];
        builder.append(wide && typeof value === 'number' ? BigInt(value) : value);
      }
      return builder.finish().flush();
    });
    const struct = new Struct(this.#schema.fields);
    return new RecordBatch(this.#schema, makeData({ type: struct, length: rows.length, nullCount: 0, children }));
  }
}

// Turns Arrow record batches into the bytes of one Parquet file, a row group a batch, so that memory is bounded by the
// batch and the file and not by the table.
import { type RecordBatch as ArrowBatch, Table as ArrowTable, tableToIPC } from 'apache-arrow';
import {
  Compression,
  EnabledStatistics,
  type RecordBatch,
  Table,
  transformParquetStream,
  type WriterProperties,
  WriterPropertiesBuilder,
} from 'parquet-wasm/node';
import { release } from '../digest/release.ts';

/** Names the writer in every file; raised when the same rows would give other bytes. */
const CREATED_BY = 'vpcflow parquet 1';

export interface FileOptions {
  /** Rows of a row group, at most; no batch is longer. */
  readonly groupRows: number;
  /** The columns that get no dictionary. */
  readonly plain: readonly string[];
  /** The columns that nobody looks rows up by: they get statistics of row groups, not of pages. */
  readonly measures: readonly string[];
  /** Key-value metadata of the file. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * The file of the batches, which are of one schema; at least one is needed.
 * Deterministic: equal batches, equal bytes. Fails with what `batches` throws.
 */
export const writeParquet = async (batches: Iterator<ArrowBatch>, options: FileOptions): Promise<Uint8Array> => {
  let failure: unknown = null;
  const pull = (controller: ReadableStreamDefaultController<RecordBatch>): void => {
    try {
      const next = batches.next();
      if (next.done === true) controller.close();
      else controller.enqueue(toWasm(next.value));
    } catch (error) {
      failure = error;
      controller.error(error);
    }
  };
  const source = new ReadableStream<RecordBatch>({ pull }, { highWaterMark: 0 });
  try {
    const output: ReadableStream<Uint8Array> = await transformParquetStream(source, properties(options));
    const parts = await Array.fromAsync(output);
    const file = Buffer.concat(parts);
    release(...parts);
    return file;
  } catch (error) {
    throw failure ?? error; // WebAssembly hands on only that there was one
  }
};

/** Moves a batch into the memory of the WebAssembly writer. */
const toWasm = (batch: ArrowBatch): RecordBatch => {
  const stream = tableToIPC(new ArrowTable([batch]), 'stream');
  const table = Table.fromIPCStream(stream);
  release(stream);
  const moved = table.recordBatch(0);
  table.free(); // WebAssembly memory is not collected in time: it would only ever grow
  if (moved === undefined) throw new Error('the Arrow stream has no record batch');
  return moved;
};

const properties = ({ groupRows, plain, measures, metadata }: FileOptions): WriterProperties => {
  const builder = new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setDictionaryEnabled(true)
    .setStatisticsEnabled(EnabledStatistics.Page)
    .setMaxRowGroupSize(groupRows)
    .setCreatedBy(CREATED_BY)
    .setKeyValueMetadata(new Map(metadata));
  const sparing = measures.reduce(
    (b, column) => b.setColumnStatisticsEnabled(column, EnabledStatistics.Chunk),
    builder,
  );
  return plain.reduce((b, column) => b.setColumnDictionaryEnabled(column, false), sparing).build();
};

// Turns a Parquet file of flow logs into text: a header line, then a line for each row, in the order of the file.

import type { Chunks, Damage } from '../../../pipeline/envelope/chunks.ts';
import { EXPANSION_FREE_BYTES, MAX_EXPANSION } from '../../../schemas/rejects.ts';
import { damageOf, ParquetDamage } from '../../shared/parquet/damage.ts';
import type { RowGroup } from '../../shared/parquet/footer.ts';
import { type ParquetSource, readMetadata } from '../../shared/parquet/metadata.ts';
import { ColumnReader } from './column-reader.ts';
import { type FlowColumns, flowColumns } from './flow-columns.ts';
import { LineWriter, type Tokens } from './lines.ts';
import { assertReadable } from './readable.ts';
import { BATCH_ROWS, NO_TEXTS } from './texts.ts';

const OPEN = 0x7b; // {

/**
 * A chunk is valid until the next one is asked for: a new buffer for each would keep the garbage collector at work.
 * Memory: a page of each column that is read (writers make them of about 1 MiB), and a chunk of lines.
 * @param onBytes is told of the bytes of the file, in the proportion of its rows.
 * @returns what is wrong with the file, after the lines that could be read. Throws what the source does, and
 * ParquetUnread when nothing is wrong with it but that it is not read.
 */
export async function* parquetText(source: ParquetSource, onBytes: (count: number) => void): Chunks {
  let told = 0;
  const tell = (until: number): void => {
    onBytes(until - told);
    told = until;
  };
  try {
    const footer = await readMetadata(source);
    const flow = flowColumns(footer);
    assertReadable(footer.groups, flow);
    yield Buffer.from(`${flow.header}\n`);
    let rows = 0;
    let textBytes = 0;
    const writer = new LineWriter();
    for (const group of footer.groups) {
      for await (const { lines, count } of groupLines(source, group, flow, writer)) {
        // Behind one header the decoder may hold chunks of JSON: behind two, rows are lines however they begin.
        if (rows === 0 && textBytes === 0 && lines[0] === OPEN) yield Buffer.from(`${flow.header}\n`);
        textBytes += lines.length;
        if (textBytes > Math.max(EXPANSION_FREE_BYTES, MAX_EXPANSION * source.size)) return TOO_LARGE;
        yield lines;
        rows += count;
        tell(Math.floor((source.size * rows) / footer.rows));
      }
    }
    return null;
  } catch (error) {
    const detail = damageOf(error);
    if (detail === null) throw error;
    return { reason: 'envelope_undecodable', detail: `bad Parquet: ${detail}` };
  } finally {
    tell(source.size);
  }
}

const TOO_LARGE: Damage = { reason: 'envelope_too_large', detail: `expands more than ${MAX_EXPANSION} : 1` };

/** A column that no field is, in each row. */
const NOTHING: Tokens = { texts: NO_TEXTS, places: new Int32Array(BATCH_ROWS) };

/** Rows are read until the page of some column ends, a few thousand at most. */
async function* groupLines(
  { read }: ParquetSource,
  group: RowGroup,
  { columns }: FlowColumns,
  writer: LineWriter,
): AsyncGenerator<{ readonly lines: Buffer; readonly count: number }, void> {
  const readers = columns.flatMap((column) => {
    if (column === null) return [];
    const chunk = group.chunks[column.index];
    const reader = new ColumnReader(column, chunk, read);
    if (chunk.values === group.rows) return [reader];
    throw new ParquetDamage(`column ${column.name} has ${chunk.values} values in a group of ${group.rows} rows`);
  });
  const tokens: readonly Tokens[] = [...readers, ...columns.filter((column) => column === null).map(() => NOTHING)];
  for (let left = group.rows; left > 0; ) {
    for (const reader of readers) await reader.load();
    const rows = readers.reduce((least, { rowsLeft }) => Math.min(least, rowsLeft), Math.min(left, BATCH_ROWS));
    for (const reader of readers) reader.read(rows);
    left -= rows;
    let count = rows; // told with the first chunk
    for (const lines of writer.lines(tokens, rows)) {
      yield { lines, count };
      count = 0;
    }
  }
}

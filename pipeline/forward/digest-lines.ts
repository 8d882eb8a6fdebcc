// Turns a digest file into lines of JSON, a row group at a time: one object a row, with an id that is the same each time.
import { DataType, type RecordBatch, tableFromIPC, type Vector } from 'apache-arrow';
import { ParquetFile, readParquet } from 'parquet-wasm/node';
import { formatTime } from '../window/window.ts';

/** Of an Arrow batch: at least a row group of the files that are written here. */
const BATCH_ROWS = 65_536;
/** Lines that are made at a time. */
const CHUNK_ROWS = 500;

/** `,"name":value` of a column in a row of the batch; '' where it is NULL. */
type Member = (row: number) => string;

/**
 * The rows of the file in their order, some at a time, each as the bytes of one line, its newline included: `kind`
 * (digest), `id` (`<key>#<row>`, the row counted from 0), then every column that has a value in the row, named as in
 * the table. `minute` is RFC 3339 with `Z`, integers are exact. Throws what the reader throws for bytes that are no Parquet file.
 */
export async function* digestLines(key: string, parquet: Uint8Array<ArrayBuffer>): AsyncGenerator<readonly Buffer[]> {
  const file = await ParquetFile.fromFile(new Blob([parquet]));
  const groups = file.metadata().numRowGroups();
  file.free();
  const prefix = `{"kind":"digest","id":${JSON.stringify(key).slice(0, -1)}#`;
  for (let group = 0, row = 0; group < groups; group++) {
    for (const batch of readGroup(parquet, group)) {
      const members = batch.schema.fields.map((_, i) => memberOf(batch, i));
      let chunk: Buffer[] = [];
      for (let i = 0; i < batch.numRows; i++, row++) {
        let line = `${prefix}${row}"`;
        for (const member of members) line += member(i);
        chunk.push(Buffer.from(`${line}}\n`));
        if (chunk.length < CHUNK_ROWS) continue;
        yield chunk;
        chunk = [];
      }
      yield chunk;
    }
  }
}

const readGroup = (parquet: Uint8Array, group: number): readonly RecordBatch[] => {
  const table = readParquet(parquet, { rowGroups: [group], batchSize: BATCH_ROWS });
  return tableFromIPC(table.intoIPCStream()).batches; // which frees the table in WebAssembly
};

const memberOf = (batch: RecordBatch, column: number): Member => {
  const { name, type } = batch.schema.fields[column]!;
  const values = batch.getChildAt(column);
  if (values === null) throw new Error(`the column ${name} is not there`);
  const start = `,${JSON.stringify(name)}:`;
  if (DataType.isDictionary(type)) return wordMember(start, values);
  const text = DataType.isTimestamp(type) ? timeText : plainText;
  // Neighbours are alike, because rows are sorted: the text of a value is made once for a run of it.
  let [last, made]: [unknown, string] = [null, ''];
  return (row) => {
    const value: unknown = values.get(row);
    if (value !== last) {
      last = value;
      made = value === null ? '' : `${start}${text(value)}`;
    }
    return made;
  };
};

/** Each text of the dictionary is decoded and quoted once. */
const wordMember = (start: string, values: Vector): Member => {
  const [data] = values.data;
  const codes: ArrayLike<number> = data!.values;
  const members: string[] = [];
  return (row) => {
    if (data!.nullCount > 0 && !data!.getValid(row)) return '';
    const code = codes[row]!;
    members[code] ??= `${start}${plainText(data!.dictionary!.get(code))}`;
    return members[code];
  };
};

const timeText = (value: unknown): string => `"${formatTime(Number(value))}"`;
const plainText = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

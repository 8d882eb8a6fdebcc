// Turns the metadata at the end of a Parquet file into its columns and where their values lie.
// Source: parquet.thrift of Apache Parquet format 2.11.
import { ParquetDamage } from './damage.ts';
import { ThriftReader, type ThriftStruct, type ThriftValue } from './thrift.ts';

/** What the numbers or bytes of a column mean, as far as it changes their text. */
export type ColumnMeaning =
  | { readonly kind: 'plain' }
  | { readonly kind: 'unsigned' }
  /** The number of an account, which has twelve digits; and the text of a number, where some tools write None for NULL. */
  | { readonly kind: 'account' }
  | { readonly kind: 'number' }
  /** Of a timestamp: how many of its units make a second. */
  | { readonly kind: 'timestamp'; readonly perSecond: number }
  /** Something that no field of a flow log is: its text says what, so that it is no number by accident. */
  | { readonly kind: 'other'; readonly name: string };

export type PhysicalType = 'BOOLEAN' | 'INT32' | 'INT64' | 'INT96' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY' | 'FIXED';

export interface ParquetColumn {
  readonly name: string;
  /** Its place among the chunks of a row group. */
  readonly index: number;
  readonly type: PhysicalType;
  /** Bytes of a value of FIXED. */
  readonly width: number;
  readonly optional: boolean;
  readonly meaning: ColumnMeaning;
}

export interface ColumnChunk {
  readonly codec: number;
  readonly values: number; // with NULLs
  /** Bytes of the file that hold its pages. */
  readonly start: number;
  readonly end: number;
  readonly encrypted: boolean;
  /** Numbers of the encodings that its pages have. */
  readonly encodings: readonly number[];
  readonly statistics: Statistics;
}

/** What the writer says of a chunk's values, in the plain encoding; null: nothing, or nothing that is well defined. */
export interface Statistics {
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
}

export interface RowGroup {
  readonly rows: number;
  /** By the columns' `index`. */
  readonly chunks: readonly ColumnChunk[];
}

export interface Footer {
  /** Columns of one value a row; the others are in `nested`. */
  readonly columns: readonly ParquetColumn[];
  /** Names of columns that hold structs, lists or maps. */
  readonly nested: readonly string[];
  readonly groups: readonly RowGroup[];
  readonly rows: number;
}

const TYPES: readonly PhysicalType[] = [
  ...(['BOOLEAN', 'INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY', 'FIXED'] as const),
];
const REQUIRED = 0;
const OPTIONAL = 1;

/** By ConvertedType, what older writers have in place of a logical type; null: nothing that changes the text. */
const CONVERTED: readonly (ColumnMeaning | null)[] = [
  null, // UTF8
  ...['MAP', 'MAP_KEY_VALUE', 'LIST'].map((name): ColumnMeaning => ({ kind: 'other', name })),
  null, // ENUM
  ...['DECIMAL', 'DATE', 'TIME', 'TIME'].map((name): ColumnMeaning => ({ kind: 'other', name })),
  { kind: 'timestamp', perSecond: 1e3 },
  { kind: 'timestamp', perSecond: 1e6 },
  ...Array.from({ length: 4 }, (): ColumnMeaning => ({ kind: 'unsigned' })),
  ...Array.from({ length: 4 }, () => null), // INT_8 … INT_64
  null, // JSON
  { kind: 'other', name: 'BSON' },
  { kind: 'other', name: 'INTERVAL' },
];
const LOGICAL: ReadonlyMap<number, string> = new Map([
  [2, 'MAP'],
  [3, 'LIST'],
  [5, 'DECIMAL'],
  [6, 'DATE'],
  [7, 'TIME'],
  [13, 'BSON'],
  [14, 'UUID'],
  [15, 'FLOAT16'],
]);
const LOGICAL_TIMESTAMP = 8;
const LOGICAL_INTEGER = 10;
const UNITS: readonly number[] = [0, 1e3, 1e6, 1e9]; // by field of TimeUnit: MILLIS, MICROS, NANOS

const missing = (what: string): ParquetDamage => new ParquetDamage(`its metadata lacks ${what}`);

const numberOf = (struct: ThriftStruct, field: number, what: string): number => {
  const value = struct.get(field);
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw missing(what);
  return value;
};

const countOf = (struct: ThriftStruct, field: number, what: string): number => {
  const value = numberOf(struct, field, what);
  if (value < 0) throw new ParquetDamage(`its metadata has ${value} for ${what}`);
  return value;
};

const isStruct = (value: ThriftValue | undefined): value is ThriftStruct => value instanceof Map;

const structsOf = (struct: ThriftStruct, field: number, what: string): readonly ThriftStruct[] => {
  const value = struct.get(field);
  if (!Array.isArray(value) || !value.every(isStruct)) throw missing(what);
  return value;
};

const textOf = (value: ThriftValue | undefined): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : '';

const meaningOf = (element: ThriftStruct): ColumnMeaning => {
  const logical = element.get(10);
  if (isStruct(logical)) {
    const [entry] = logical;
    const [kind, detail] = entry ?? [0, new Map()];
    const name = LOGICAL.get(kind);
    if (name !== undefined) return { kind: 'other', name };
    if (kind === LOGICAL_TIMESTAMP && isStruct(detail)) {
      const unit = detail.get(2);
      const [which] = isStruct(unit) ? unit.keys() : [];
      const perSecond = UNITS[which ?? 0] ?? 0;
      return perSecond === 0 ? { kind: 'other', name: 'TIMESTAMP' } : { kind: 'timestamp', perSecond };
    }
    if (kind === LOGICAL_INTEGER && isStruct(detail) && detail.get(2) === false) return { kind: 'unsigned' };
    return { kind: 'plain' };
  }
  const converted = element.get(6);
  return (typeof converted === 'number' ? CONVERTED[converted] : null) ?? { kind: 'plain' };
};

/** The leaves of the schema, in the order of the chunks; a nested one is of its outermost column, which is named. */
const readSchema = (elements: readonly ThriftStruct[]) => {
  const columns: ParquetColumn[] = [];
  const nested: string[] = [];
  let leaves = 0;
  let next = 1; // behind the root
  const walk = (depth: number): void => {
    const element = elements[next++];
    if (element === undefined) throw missing('a column of its schema');
    const name = textOf(element.get(4));
    const children = element.get(5);
    if (typeof children === 'number' && children > 0) {
      if (depth === 0) nested.push(name);
      if (depth > 100) throw new ParquetDamage('its schema is nested too deeply');
      for (let i = 0; i < children; i++) walk(depth + 1);
      return;
    }
    const index = leaves++;
    if (depth > 0) return;
    const type = TYPES[numberOf(element, 1, `the type of column ${name}`)];
    if (type === undefined) throw new ParquetDamage(`column ${name} has an unknown type`);
    const repetition = element.get(3);
    if (repetition !== REQUIRED && repetition !== OPTIONAL) {
      nested.push(name);
      return;
    }
    const width = type === 'FIXED' ? countOf(element, 2, `the width of column ${name}`) : 0;
    columns.push({ name, index, type, width, optional: repetition === OPTIONAL, meaning: meaningOf(element) });
  };
  const [root] = elements;
  if (root === undefined) throw missing('a schema');
  const children = countOf(root, 5, 'the columns of its schema');
  for (let i = 0; i < children; i++) walk(0);
  return { columns, nested, leaves };
};

const NO_STATISTICS: Statistics = { min: null, max: null };

/** Of min_value and max_value; what older writers have in their place is in no defined order. A maximum may be cut short. */
const statisticsOf = (given: ThriftValue | undefined): Statistics => {
  if (!isStruct(given)) return NO_STATISTICS;
  const bytes = (field: number, isExact: number): Uint8Array | null => {
    const value = given.get(field);
    return value instanceof Uint8Array && given.get(isExact) !== false ? value : null;
  };
  return { max: bytes(5, 7), min: bytes(6, 8) };
};

/** @param size bytes of the file: no page may lie outside of it. */
const readChunk = (chunk: ThriftStruct, size: number): ColumnChunk => {
  const encrypted = chunk.has(8) || chunk.has(9);
  const data = chunk.get(3);
  if (!isStruct(data)) {
    if (encrypted)
      return { codec: 0, values: 0, start: 0, end: 0, encrypted, encodings: [], statistics: NO_STATISTICS };
    throw missing('a column chunk');
  }
  if (textOf(chunk.get(1)) !== '') throw new ParquetDamage('its values lie in another file');
  const first = countOf(data, 9, 'a page offset');
  const dictionary = data.get(11);
  const start = typeof dictionary === 'number' && dictionary > 0 && dictionary < first ? dictionary : first;
  const end = start + countOf(data, 7, 'the size of a column chunk');
  if (end > size) throw new ParquetDamage('its metadata leads past its end');
  const [given, codec, values] = [data.get(2), numberOf(data, 4, 'a codec'), countOf(data, 5, 'a count of values')];
  const encodings = Array.isArray(given) ? given.filter((one) => typeof one === 'number') : [];
  return { codec, values, start, end, encrypted, encodings, statistics: statisticsOf(data.get(12)) };
};

/**
 * Reads the metadata (FileMetaData) of a file of `size` bytes.
 * @throws ParquetDamage, or RangeError where they end too early.
 */
export const readFooter = (metadata: Buffer, size: number): Footer => {
  const file = new ThriftReader(metadata).struct();
  const { columns, nested, leaves } = readSchema(structsOf(file, 2, 'a schema'));
  const groups = structsOf(file, 4, 'row groups').map((group): RowGroup => {
    const chunks = structsOf(group, 1, 'the columns of a row group').map((chunk) => readChunk(chunk, size));
    if (chunks.length !== leaves) throw new ParquetDamage(`a row group has ${chunks.length} columns, not ${leaves}`);
    return { rows: countOf(group, 3, 'the rows of a row group'), chunks };
  });
  return { columns, nested, groups, rows: groups.reduce((sum, { rows }) => sum + rows, 0) };
};

// Turns audit rows into the bytes of a Parquet file, and those of any version back into rows.
import type { WriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import type { ParquetReader } from 'parquetjs';
import { EMPTY_ROW } from '../../../pipeline/mirror-audit/plan-rows.ts';
import { MIRRORING_COLUMNS, type MirroringColumn, type MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import { withUtcTimes } from './utc-times.ts';
import { withoutConsole } from './without-console.ts';

const COLUMNS = Object.entries(MIRRORING_COLUMNS) as [MirroringColumn, (typeof MIRRORING_COLUMNS)[MirroringColumn]][]; // its own entries

/** What Athena and DuckDB read alike: no unsigned numbers, times of UTC in ms. */
const TYPES = {
  timestamp: 'TIMESTAMP_MILLIS',
  string: 'UTF8',
  integer: 'INT32',
  bigint: 'INT64',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
} as const;

/** It takes a while, and most commands need none of it. */
const parquetjs = () => import('parquetjs');

/** Every column stands in the file, also where no row has a value. GZIP: the best that parquetjs knows to write. */
export async function encodeRows(rows: readonly MirroringRow[]): Promise<Buffer> {
  const { ParquetSchema, ParquetWriter } = await parquetjs();
  const fields = COLUMNS.map(([name, type]) => [
    name,
    // Statistics help nobody here, and readers believe them.
    { type: TYPES[type], optional: true, compression: 'GZIP' as const, statistics: false as const },
  ]);
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const schema = new ParquetSchema(Object.fromEntries(fields));
  // It is typed for files, and needs no more than any stream has.
  const writer = await ParquetWriter.openStream(schema, sink as WriteStream, {
    useDataPageV2: false,
    pageIndex: false,
  });
  for (const row of rows) await writer.appendRow(written(row));
  await writer.close();
  return await withUtcTimes(Buffer.concat(chunks));
}

const written = (row: MirroringRow): Record<string, unknown> =>
  Object.fromEntries(
    COLUMNS.map(([name, type]) => {
      const value = row[name];
      return [name, type === 'timestamp' && typeof value === 'number' ? new Date(value) : value];
    }),
  );

/**
 * A column that the file does not have is NULL in its rows; one that is not known here is left out, so that files of
 * older and newer versions can be read. Throws for bytes that are no whole Parquet file, and for values of other types.
 */
export async function decodeRows(bytes: Buffer): Promise<readonly MirroringRow[]> {
  const { ParquetReader } = await parquetjs();
  try {
    return await withoutConsole(async () => {
      const reader = await ParquetReader.openBuffer(bytes);
      return await readAll(reader).finally(() => reader.close());
    });
  } catch (error) {
    throw error instanceof Error ? error : new Error(String(error)); // of some things it throws a text
  }
}

async function readAll(reader: ParquetReader): Promise<readonly MirroringRow[]> {
  const present = COLUMNS.filter(([name]) => name in reader.getSchema().fields);
  const cursor = reader.getCursor(present.map(([name]) => [name]));
  const rows: MirroringRow[] = [];
  for (let found = await next(cursor); found !== null; found = await next(cursor)) {
    const values = found;
    const known = present.map(([name, type]) => [name, readers[type](values[name], name)]);
    rows.push({ ...EMPTY_ROW, ...Object.fromEntries(known) });
  }
  const expected = Number(reader.getRowCount());
  if (rows.length !== expected) throw new Error(`it has ${rows.length} rows, and says ${expected}`);
  return rows;
}

/** The wire: values of whatever types the file says. */
const next = (cursor: { next(): Promise<unknown> }) => cursor.next() as Promise<Record<string, unknown> | null>;

type Read = (value: unknown, name: string) => unknown;

const expecting =
  (what: string, read: (value: NonNullable<unknown>) => unknown): Read =>
  (value, name) => {
    if (value === null || value === undefined) return null;
    const known = read(value);
    if (known === undefined) throw new Error(`the column ${name} holds what is no ${what}`);
    return known;
  };

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
};

/** What is written as another width by somebody else is the same number. */
const readers: Readonly<Record<keyof typeof TYPES, Read>> = {
  timestamp: expecting('time', (value) => (value instanceof Date && !Number.isNaN(+value) ? +value : undefined)),
  string: expecting('text', (value) => (typeof value === 'string' ? value : undefined)),
  integer: expecting('whole number', (value) => {
    const number = numberOf(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }),
  bigint: expecting('whole number', (value) => {
    if (typeof value === 'bigint') return value;
    return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
  }),
  double: expecting('number', numberOf),
  boolean: expecting('boolean', (value) => (typeof value === 'boolean' ? value : undefined)),
};

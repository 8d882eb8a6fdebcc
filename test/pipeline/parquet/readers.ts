// Turns Parquet bytes into rows by two readers that know nothing of the writer: DuckDB and parquetjs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { DuckDBInstance, type Json } from '@duckdb/node-api';

/** Runs SQL in which `$0`, `$1` … stand for files with these bytes; rows have bigints as decimal texts. */
export const duckdb = async (files: readonly Uint8Array[], sql: string): Promise<Record<string, Json>[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-parquet-'));
  try {
    const paths = files.map((_, i) => join(directory, `${i}.parquet`));
    await Promise.all(files.map((bytes, i) => writeFile(paths[i], bytes)));
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      await connection.run("set TimeZone = 'UTC'");
      const reader = await connection.runAndReadAll(sql.replaceAll(/\$(\d+)/g, (_, i) => `'${paths[Number(i)]}'`));
      return reader.getRowObjectsJson();
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

type Row = Readonly<Record<string, unknown>>;

/** What the test uses of parquetjs. */
export interface Parquetjs {
  read(bytes: Uint8Array): Promise<Row[]>;
}

interface Reader {
  getCursor(): { next(): Promise<Row | null> };
  close(): Promise<void>;
}

/** parquetjs, taught to inflate ZSTD, which it does not know; null when it is not there. */
export const loadParquetjs = (): Parquetjs | null => {
  const require = createRequire(import.meta.url);
  try {
    // The wire: an untyped CommonJS package.
    const { ParquetReader } = require('parquetjs') as {
      ParquetReader: { openBuffer(bytes: Buffer): Promise<Reader> };
    };
    const { PARQUET_COMPRESSION_METHODS } = require('parquetjs/dist/lib/compression.js') as {
      PARQUET_COMPRESSION_METHODS: Record<string, { inflate(bytes: Buffer): Promise<Buffer> }>;
    };
    PARQUET_COMPRESSION_METHODS.ZSTD = { inflate: (bytes) => Promise.resolve(zstdDecompressSync(bytes)) };
    return { read: async (bytes) => readAll(await ParquetReader.openBuffer(Buffer.from(bytes))) };
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Cannot find')) return null;
    throw error;
  }
};

const readAll = async (reader: Reader): Promise<Row[]> => {
  const cursor = reader.getCursor();
  const rows: Row[] = [];
  for (let row = await cursor.next(); row !== null; row = await cursor.next()) rows.push(row);
  await reader.close();
  return rows;
};

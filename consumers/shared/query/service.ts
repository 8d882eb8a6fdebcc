// Opens a store for questions: the engine, the files, the empty tables, and windows over them.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DEFAULT_LATENESS_MS } from '../../../pipeline/completeness.ts';
import type { WindowTable } from '../../../pipeline/query-plan.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { ColumnType } from '../../../schemas/columns.ts';
import type { QueryEngine, Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { openDuckDb } from './duckdb.ts';
import { CachedFiles, filesInPlace, type ObjectFiles } from './object-files.ts';
import { quotedName } from './sql-text.ts';
import { openWindow, TABLE_COLUMNS, type WindowSource } from './window-source.ts';

export interface QueryServiceOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly memoryLimit?: number; // bytes
  readonly threads?: number;
  /** Where objects of a remote store are kept between questions. */
  readonly cacheDirectory?: string;
}

/** Everything that a question about a store needs. */
export interface QueryService {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly engine: QueryEngine;
  /** Plans and fetches a window; the caller releases it. `lateness` is in ms (default 20 minutes). */
  window(
    window: Window,
    tables: readonly WindowTable[],
    options?: { readonly lateness?: number; readonly signal?: AbortSignal },
  ): Promise<WindowSource>;
  close(): Promise<void>;
}

export async function openQueryService(options: QueryServiceOptions): Promise<QueryService> {
  const { store, clock } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'vpcflow-empty-'));
  const files = objectFiles(store, options.cacheDirectory);
  const engine = await openDuckDb({
    directories: [files.directory, scratch],
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const empty = {
    digests: await writeEmpty(engine, 'digests', scratch),
    coverage: await writeEmpty(engine, 'coverage', scratch),
  };
  return {
    store,
    clock,
    engine,
    window: (window, tables, { lateness = DEFAULT_LATENESS_MS, signal } = {}) =>
      openWindow(store, files, empty, {
        ...{ window, tables, now: clock.now(), lateness },
        ...(signal === undefined ? {} : { signal }),
      }),
    close: async () => {
      await engine.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** The URI of a directory store is its path, and its objects are read where they lie; any other store's are fetched. */
function objectFiles(store: ObjectStore, cacheDirectory: string | undefined): ObjectFiles {
  if (isAbsolute(store.uri)) return filesInPlace(store.uri);
  const place = createHash('sha256').update(store.uri).digest('hex').slice(0, 16);
  // Below the user's own directory: what lies in a directory that others may write to cannot be believed.
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return new CachedFiles(store, { directory: cacheDirectory ?? join(caches, 'vpcflow', place) });
}

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  timestamp: 'TIMESTAMPTZ',
  string: 'VARCHAR',
  int32: 'INTEGER',
  int64: 'BIGINT',
};

/** A file without rows that has every column of the table: a window in which no file has one still has its name. */
async function writeEmpty(engine: QueryEngine, table: WindowTable, directory: string): Promise<string> {
  const nulls = TABLE_COLUMNS[table].map((c) => `NULL::${SQL_TYPES[c.type]} AS ${quotedName(c.name)}`).join(', ');
  const pieces: Uint8Array[] = [];
  for await (const piece of engine.parquet(`SELECT ${nulls} WHERE false`)) pieces.push(piece);
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${table}.parquet`);
  await writeFile(path, Buffer.concat(pieces));
  return path;
}

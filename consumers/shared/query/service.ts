// Opens a store for questions: the engine, the files, the empty tables, and windows over them.
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DEFAULT_LATENESS_MS } from '../../../pipeline/completeness.ts';
import type { WindowTable } from '../../../pipeline/query-plan.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { ColumnType } from '../../../schemas/columns.ts';
import type { QueryEngine, Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { CachedFiles, DEFAULT_CACHE_BYTES } from './cached-files.ts';
import { openDuckDb } from './duckdb.ts';
import { filesInPlace, type ObjectFiles } from './object-files.ts';
import { openOwnedDirectory } from './owned-directory.ts';
import { noTotals, type QueryStats, type QueryTotals } from './query-stats.ts';
import { QuestionSizes } from './question-sizes.ts';
import { quotedName } from './sql-text.ts';
import { openWindow, TABLE_COLUMNS, type WindowSource } from './window-source.ts';

export interface QueryServiceOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly memoryLimit?: number; // bytes
  readonly threads?: number;
  /** Where objects of a remote store are kept between questions, and how many bytes of them. */
  readonly cacheDirectory?: string;
  readonly cacheSize?: number;
}

/** Everything that a question about a store needs. */
export interface QueryService {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly engine: QueryEngine;
  readonly stats: QueryStats;
  /**
   * Plans and fetches a window; the caller releases it. `lateness` is in ms (default 20 minutes). The signal is the
   * question's: what the engine runs under it goes into the lane of what the windows under it hold. Rejects with
   * VF_LIMIT where that is more than the cache may have.
   */
  window(
    window: Window,
    tables: readonly WindowTable[],
    options?: { readonly lateness?: number; readonly signal?: AbortSignal },
  ): Promise<WindowSource>;
  close(): Promise<void>;
}

export async function openQueryService(options: QueryServiceOptions): Promise<QueryService> {
  const { store, clock } = options;
  const totals = noTotals();
  const files = objectFiles(store, options, totals);
  const sizes = new QuestionSizes(isLocal(store) ? null : (options.cacheSize ?? DEFAULT_CACHE_BYTES));
  const scratch = await openOwnedDirectory(tmpdir(), 'vpcflow-questions-');
  const engine = await openDuckDb({
    directories: [files.directory, scratch.path],
    temporary: scratch.path,
    lane: (signal) => sizes.lane(signal),
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const empty = {
    digests: await writeEmpty(engine, 'digests', scratch.path),
    coverage: await writeEmpty(engine, 'coverage', scratch.path),
  };
  return {
    store,
    clock,
    engine,
    stats: { totals, present: () => engine.present() },
    window: (window, tables, { lateness = DEFAULT_LATENESS_MS, signal } = {}) =>
      openWindow(store, sizes.counted(files), empty, {
        ...{ window, tables, now: clock.now(), lateness },
        ...(signal === undefined ? {} : { signal }),
      }),
    close: async () => {
      await engine.close();
      await files.close();
      await scratch.close();
    },
  };
}

/** The URI of a directory store is its path. */
const isLocal = (store: ObjectStore): boolean => isAbsolute(store.uri);

/** The objects of a directory store are read where they lie; any other store's are fetched. */
function objectFiles(store: ObjectStore, options: QueryServiceOptions, totals: QueryTotals): ObjectFiles {
  if (isLocal(store)) return filesInPlace(store.uri, totals);
  // Below the user's own directory: what lies in a directory that others may write to cannot be believed.
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return new CachedFiles(store, {
    directory: options.cacheDirectory ?? join(caches, 'vpcflow'),
    totals,
    ...(options.cacheSize === undefined ? {} : { maxBytes: options.cacheSize }),
  });
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

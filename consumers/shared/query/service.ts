// Opens a store for questions: the engine, the files, what is known of these, and windows over them.
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DEFAULT_LATENESS_MS } from '../../../pipeline/window/completeness.ts';
import type { WindowTable } from '../../../pipeline/window/query-plan.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { QueryEngine, Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { MirroringMemory } from '../mirroring/mirroring-memory.ts';
import { CachedFiles, DEFAULT_CACHE_BYTES } from './cache/cached-files.ts';
import { filesInPlace, type ObjectFiles } from './cache/object-files.ts';
import { openOwnedDirectory } from './cache/owned-directory.ts';
import { DEFAULT_MEMORY_LIMIT, type DuckDbEngine, openDuckDb } from './engine/duckdb.ts';
import { laneEngines } from './engine/lane-engines.ts';
import { type Lane, noTotals, type QueryStats, type QueryTotals } from './query-stats.ts';
import { QuestionSizes } from './question-sizes.ts';
import { FileMemory } from './window/file-facts.ts';
import { SkipdataReader } from './window/file-questions.ts';
import type { Planned } from './window/window-files.ts';
import { openWindow, type WindowSource } from './window/window-source.ts';

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
  /** What the audit of mirroring says. */
  readonly mirroring: MirroringMemory;
  /**
   * Plans and fetches a window; the caller releases it. `lateness` is in ms (default 20 minutes). The signal is the
   * question's: what the engine runs under it goes into the lane of what the windows under it hold. Rejects with
   * VF_LIMIT where that is more than the cache may have. `overlapping` takes rows by the time that they span.
   */
  window(
    window: Window,
    tables: readonly WindowTable[],
    options?: { readonly lateness?: number; readonly overlapping?: boolean; readonly signal?: AbortSignal },
  ): Promise<WindowSource>;
  close(): Promise<void>;
}

/**
 * Each thread of a GROUP BY has a table of its own. Where these do not fit into memory together, two threads take twice
 * the processor time of one, and longer: so a question has one, and more only where there is memory for them.
 */
const THREAD_MEMORY = 512 * 1024 * 1024; // bytes

/** What small questions take fits, beside the limit; so their threads are as many as there are. */
const SMALL_MEMORY = 128 * 1024 * 1024; // bytes

const threadsFor = (memoryLimit: number): number =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(memoryLimit / THREAD_MEMORY)));

export async function openQueryService(options: QueryServiceOptions): Promise<QueryService> {
  const { store, clock } = options;
  const { memoryLimit = DEFAULT_MEMORY_LIMIT } = options;
  const totals = noTotals();
  const files = objectFiles(store, options, totals);
  const sizes = new QuestionSizes(isLocal(store) ? null : (options.cacheSize ?? DEFAULT_CACHE_BYTES));
  const scratch = await openOwnedDirectory(tmpdir(), 'vpcflow-questions-');
  const lane = (signal: AbortSignal | undefined): Lane => sizes.lane(signal);
  const open = (memory: number, threads: number): Promise<DuckDbEngine> =>
    openDuckDb({
      ...{ directories: [files.directory, scratch.path], temporary: scratch.path },
      ...{ lane, memoryLimit: memory, threads },
    });
  const engine = laneEngines(
    {
      small: await open(SMALL_MEMORY, options.threads ?? availableParallelism()),
      large: await open(memoryLimit, options.threads ?? threadsFor(memoryLimit)),
    },
    lane,
  );
  const context = {
    ...{ store, engine, files: sizes.counted(files), memory: new FileMemory(), skipdata: new SkipdataReader(engine) },
    onPlanned: ({ pruned, damaged, rows }: Planned) => {
      totals.prunedObjects += pruned;
      totals.damagedObjects += damaged;
      totals.rows += rows;
    },
  };
  return {
    store,
    clock,
    engine,
    mirroring: new MirroringMemory(store),
    stats: { totals, present: () => engine.present() },
    window: (window, tables, { lateness = DEFAULT_LATENESS_MS, overlapping = false, signal } = {}) =>
      openWindow(context, {
        ...{ window, tables, now: clock.now(), lateness, overlapping },
        ...(signal === undefined ? {} : { signal }),
      }),
    close: async () => {
      await engine.close();
      await files.close();
      await scratch.close();
    },
  };
}

/** The URI of a directory store is its path: nothing of it is kept anywhere else. */
export const isLocal = (store: ObjectStore): boolean => isAbsolute(store.uri);

/** Below the user's own directory: what lies in a directory that others may write to cannot be believed. */
export const defaultCacheDirectory = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vpcflow');

/** The objects of a directory store are read where they lie; any other store's are fetched. */
function objectFiles(store: ObjectStore, options: QueryServiceOptions, totals: QueryTotals): ObjectFiles {
  if (isLocal(store)) return filesInPlace(store.uri, totals);
  return new CachedFiles(store, {
    directory: options.cacheDirectory ?? defaultCacheDirectory(),
    totals,
    ...(options.cacheSize === undefined ? {} : { maxBytes: options.cacheSize }),
  });
}

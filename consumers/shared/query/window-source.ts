// Turns a window into something that SQL can read: the objects that have its rows as local files, and how complete
// they are.
import { createHash } from 'node:crypto';
import { shardCompleteness } from '../../../pipeline/completeness.ts';
import { type FilePlan, type Selection, sampled, type WindowTable, warningsOf } from '../../../pipeline/query-plan.ts';
import type { Completeness, QueryEngine, Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import type { FileMemory } from './file-facts.ts';
import { findDamage, isAboutFile, longestInterval, type SkipdataReader } from './file-questions.ts';
import type { HeldFile, ObjectFiles } from './object-files.ts';
import { loadProgress } from './progress.ts';
import { tableSql } from './table-sql.ts';
import { holdWindow, type Planned, type WindowFiles } from './window-files.ts';

/** How often a window is planned again because files vanished or were found damaged meanwhile. */
const MAX_ATTEMPTS = 3;

export interface WindowSource {
  readonly window: Window;
  readonly completeness: Completeness;
  /** Per planned table its rows of the window, every column present, as a table expression: `FROM ${tables.digests}`. */
  readonly tables: Readonly<Record<WindowTable, string>>;
  /** The columns that any of a table's files has. */
  readonly present: Readonly<Record<WindowTable, ReadonlySet<string>>>;
  /** How many objects of each table are read. */
  readonly objects: Readonly<Record<WindowTable, number>>;
  /** Changes whenever the rows or the completeness do: the base of an ETag. Hex. */
  readonly identity: string;
  /**
   * The keys of the objects because of which a query over the tables failed; none: it failed for another reason. They
   * are left out of every window that is opened from now on, with a warning: what failed can be tried on another source.
   */
  spoiledBy(error: unknown, signal?: AbortSignal): Promise<readonly string[]>;
  /** Lets the files go. To be called when the last row was read. */
  release(): void;
}

/** What windows of one store are opened with, and what they remember. */
export interface WindowContext {
  readonly store: ObjectStore;
  readonly files: ObjectFiles;
  readonly engine: QueryEngine;
  readonly memory: FileMemory;
  readonly skipdata: SkipdataReader;
  readonly onPlanned: (planned: Planned) => void;
}

export interface WindowRequest extends Selection {
  readonly tables: readonly WindowTable[];
  readonly now: number; // Unix ms
  readonly lateness: number; // ms
  readonly signal?: AbortSignal;
}

/**
 * Plans and fetches. Progress is read before the objects are listed, so that a watermark never claims more than what
 * was then found. An object that cannot be read is left out and named in the warnings.
 */
export async function openWindow(context: WindowContext, request: WindowRequest): Promise<WindowSource> {
  const { engine, memory } = context;
  const { window, tables, lateness, now, signal } = request;
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === MAX_ATTEMPTS;
    const progress = await loadProgress(context.store);
    const shards = shardCompleteness(progress, window.stop, lateness, now);
    const held = await holdWindow(context, request, tables, signal);
    if (held.gone.length > 0 && !isLast) {
      held.release();
      continue;
    }
    try {
      return await sourceOf(context, request, shards, held);
    } catch (error) {
      const again = !isLast && isAboutFile(error) && signal?.aborted !== true;
      try {
        const damaged = again ? await findDamage(engine, memory, [...held.files.values()], signal) : [];
        if (damaged.length === 0) throw error;
      } finally {
        held.release();
      }
    }
  }
}

async function sourceOf(
  { engine, memory, skipdata }: WindowContext,
  request: WindowRequest,
  shards: Completeness,
  held: WindowFiles,
): Promise<WindowSource> {
  const { window, overlapping, signal } = request;
  const filesOf = ({ read }: FilePlan): HeldFile[] =>
    read.map((object) => held.files.get(object)).filter((file) => file !== undefined);
  const [digests, coverage] = [filesOf(held.digests), filesOf(held.coverage)];
  const leftOut = [...held.leftOut, ...held.gone.map(({ key }) => ({ key, reason: 'it vanished while it was read' }))];
  const completeness = {
    ...shards,
    complete: leftOut.length > 0 ? false : shards.complete,
    longestInterval: await longestInterval(engine, memory, sampled(digests, held.digests.rows), signal),
    skipdata: await skipdata.read(filesOf(held.skipdata), window, signal),
    warnings: warningsOf(leftOut),
  };
  const table = (name: WindowTable, { columns, uniform }: FilePlan, files: readonly HeldFile[], spans: boolean) =>
    tableSql(name, { paths: files.map(({ path }) => path), columns, uniform }, { window, overlapping: spans });
  return {
    ...{ window, completeness },
    tables: {
      digests: table('digests', held.digests, digests, overlapping),
      coverage: table('coverage', held.coverage, coverage, false),
    },
    present: { digests: held.digests.columns, coverage: held.coverage.columns },
    objects: { digests: digests.length, coverage: coverage.length },
    identity: identityOf(request, completeness, [...digests, ...coverage]),
    spoiledBy: async (error, by) =>
      isAboutFile(error) && by?.aborted !== true ? findDamage(engine, memory, [...digests, ...coverage], by) : [],
    release: () => held.release(),
  };
}

function identityOf(selection: Selection, completeness: Completeness, files: readonly HeldFile[]): string {
  const { start, stop } = selection.window;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([start, stop, selection.overlapping, { ...completeness, asOf: 0 }]));
  for (const { object } of files) hash.update(`\n${object.key}\n${object.tag}`);
  return hash.digest('hex');
}

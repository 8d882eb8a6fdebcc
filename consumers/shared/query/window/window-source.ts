// Turns a window into something that SQL can read: the objects that have its rows as local files, and how complete
// they are.
import { createHash } from 'node:crypto';
import { progressCompleteness } from '../../../../pipeline/window/completeness.ts';
import {
  type FilePlan,
  type Selection,
  sampled,
  type WindowTable,
  warningsOf,
} from '../../../../pipeline/window/query-plan.ts';
import type { Completeness, QueryEngine, Window } from '../../../../schemas/query.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import type { HeldFile, ObjectFiles } from '../cache/object-files.ts';
import type { FileMemory } from './file-facts.ts';
import { findDamage, isAboutFile, longestInterval, type SkipdataReader } from './file-questions.ts';
import { loadProgress } from './progress.ts';
import { tableSql } from './table-sql.ts';
import { holdWindow, type Planned, type WindowFiles } from './window-files.ts';
import { MAX_ATTEMPTS, type Spoilable, withoutDamage } from './without-damage.ts';

export interface WindowSource extends Spoilable {
  readonly window: Window;
  readonly completeness: Completeness;
  /** Per planned table its rows of the window, every column present, as a table expression: `FROM ${tables.digests}`. */
  readonly tables: Readonly<Record<WindowTable, string>>;
  /** The columns that any of a table's files has. */
  readonly present: Readonly<Record<WindowTable, ReadonlySet<string>>>;
  /** Changes whenever the rows or the completeness do: the base of an ETag. Hex. */
  readonly identity: string;
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
export const openWindow = (context: WindowContext, request: WindowRequest): Promise<WindowSource> =>
  withoutDamage(
    () => holdPresent(context, request),
    (held) => sourceOf(context, request, held),
    request.signal,
  );

interface Held extends WindowFiles, Spoilable {
  readonly shards: Completeness;
}

/** Planned again while files vanish. */
async function holdPresent(context: WindowContext, request: WindowRequest): Promise<Held> {
  const { window, tables, lateness, now, signal } = request;
  for (let attempt = 1; ; attempt++) {
    const progress = await loadProgress(context.store);
    const shards = progressCompleteness(progress, window.stop, lateness, now);
    const held = await holdWindow(context, request, tables, signal);
    if (held.gone.length === 0 || attempt === MAX_ATTEMPTS) {
      return { ...held, shards, spoiledBy: spoiledAmong(context, [...held.files.values()]) };
    }
    held.release();
  }
}

const spoiledAmong =
  ({ engine, memory }: WindowContext, files: readonly HeldFile[]): Spoilable['spoiledBy'] =>
  async (error, signal) =>
    isAboutFile(error) && signal?.aborted !== true ? findDamage(engine, memory, files, signal) : [];

async function sourceOf(context: WindowContext, request: WindowRequest, held: Held): Promise<WindowSource> {
  const { engine, memory, skipdata } = context;
  const { window, overlapping, signal } = request;
  const filesOf = ({ read }: FilePlan): HeldFile[] =>
    read.map((object) => held.files.get(object)).filter((file) => file !== undefined);
  const [digests, coverage] = [filesOf(held.digests), filesOf(held.coverage)];
  const leftOut = [...held.leftOut, ...held.gone.map(({ key }) => ({ key, reason: 'it vanished while it was read' }))];
  const completeness = {
    ...held.shards,
    complete: leftOut.length > 0 ? false : held.shards.complete,
    longestInterval: await longestInterval(engine, memory, sampled(digests, held.digests.rows), signal),
    skipdata: await skipdata.read(filesOf(held.skipdata), window, signal),
    warnings: [...held.shards.warnings, ...warningsOf(leftOut)],
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
    identity: identityOf(request, completeness, [...digests, ...coverage]),
    spoiledBy: spoiledAmong(context, [...digests, ...coverage]),
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

// Turns a window into something that SQL can read: the objects of its hours as local files, and how complete they are.
import { createHash } from 'node:crypto';
import { shardCompleteness } from '../../../pipeline/completeness.ts';
import { isTableFile, type WindowTable, windowPrefixes } from '../../../pipeline/query-plan.ts';
import { COVERAGE_COLUMNS, type Column, DIGEST_COLUMNS } from '../../../schemas/columns.ts';
import type { Completeness, Window } from '../../../schemas/query.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';
import { Gate } from './gate.ts';
import type { ObjectFiles } from './object-files.ts';
import { loadProgress } from './progress.ts';
import { quotedName, quotedPath, timestampLiteral } from './sql-text.ts';

export const TABLE_COLUMNS: Readonly<Record<WindowTable, readonly Column[]>> = {
  digests: DIGEST_COLUMNS,
  coverage: COVERAGE_COLUMNS,
};

const LISTS_AT_ONCE = 8;

export interface WindowSource {
  readonly window: Window;
  readonly completeness: Completeness;
  /** Per planned table its rows of the window, every column present, as a table expression: `FROM ${tables.digests}`. */
  readonly tables: Readonly<Record<WindowTable, string>>;
  /** SQL whose one column names the columns that any of a table's files has (and things that are no columns). */
  readonly present: Readonly<Record<WindowTable, string>>;
  /** How many objects each table has in the window's hours. */
  readonly objects: Readonly<Record<WindowTable, number>>;
  /** Changes whenever the objects or the completeness do: the base of an ETag. Hex. */
  readonly identity: string;
  /** Lets the files go. To be called when the last row was read. */
  release(): void;
}

export interface WindowRequest {
  readonly window: Window;
  readonly tables: readonly WindowTable[];
  readonly now: number; // Unix ms
  readonly lateness: number; // ms
  readonly signal?: AbortSignal;
}

/**
 * Plans and fetches. Progress is read before the objects are listed, so that a watermark never claims more than what
 * was then found. `empty` has a file of no rows and all columns for each table.
 */
export async function openWindow(
  store: ObjectStore,
  files: ObjectFiles,
  empty: Readonly<Record<WindowTable, string>>,
  request: WindowRequest,
): Promise<WindowSource> {
  const { window, signal } = request;
  const progress = await loadProgress(store);
  const completeness = shardCompleteness(progress, window.stop, request.lateness, request.now);
  const listed: Record<WindowTable, ListedObject[]> = { digests: [], coverage: [] };
  for (const table of request.tables) listed[table] = await listTable(store, table, window, signal);
  const digests = await files.hold(listed.digests, signal);
  const coverage = await files.hold(listed.coverage, signal).catch((error) => {
    digests.release();
    throw error;
  });
  return {
    window,
    completeness,
    tables: {
      digests: tableSql('digests', [empty.digests, ...digests.paths], window),
      coverage: tableSql('coverage', [empty.coverage, ...coverage.paths], window),
    },
    present: { digests: presentSql(digests.paths), coverage: presentSql(coverage.paths) },
    objects: { digests: digests.paths.length, coverage: coverage.paths.length },
    identity: identityOf(window, completeness, [...listed.digests, ...listed.coverage]),
    release: () => {
      digests.release();
      coverage.release();
    },
  };
}

async function listTable(
  store: ObjectStore,
  table: WindowTable,
  window: Window,
  signal: AbortSignal | undefined,
): Promise<ListedObject[]> {
  const gate = new Gate(LISTS_AT_ONCE);
  const lists = windowPrefixes(table, window).map((prefix) =>
    gate.pass(async () => {
      signal?.throwIfAborted();
      const objects: ListedObject[] = [];
      for await (const object of store.list(prefix)) if (isTableFile(object)) objects.push(object);
      return objects;
    }),
  );
  return (await Promise.all(lists)).flat();
}

/** Partitions are not taken from the path: they repeat `minute`, and would appear as columns of their own. */
function tableSql(table: WindowTable, paths: readonly string[], window: Window): string {
  const names = TABLE_COLUMNS[table].map((column) => quotedName(column.name)).join(', ');
  const list = paths.map(quotedPath).join(', ');
  const rows = `read_parquet([${list}], union_by_name = true, hive_partitioning = false)`;
  const [start, stop] = [timestampLiteral(window.start), timestampLiteral(window.stop)];
  return `(SELECT ${names} FROM ${rows} WHERE minute >= ${start} AND minute < ${stop})`;
}

const presentSql = (paths: readonly string[]): string =>
  paths.length === 0
    ? "SELECT '' AS name WHERE false"
    : `SELECT DISTINCT name FROM parquet_schema([${paths.map(quotedPath).join(', ')}])`;

function identityOf(window: Window, completeness: Completeness, objects: readonly ListedObject[]): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([window.start, window.stop, completeness.complete, completeness.watermark]));
  for (const object of objects) hash.update(`\n${object.key}\n${object.tag}`);
  return hash.digest('hex');
}

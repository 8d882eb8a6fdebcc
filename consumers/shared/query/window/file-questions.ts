// Asks of held files what their footers do not say: which cannot be read, how long intervals are, what AWS skipped.
import { access } from 'node:fs/promises';
import { NO_SKIPDATA } from '../../../../pipeline/window/completeness.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { QueryEngine, QueryValue, Skipdata, Window } from '../../../../schemas/query.ts';
import type { HeldFile } from '../cache/object-files.ts';
import type { FileMemory } from './file-facts.ts';
import { intervalSql, readAllSql, skipdataSql } from './table-sql.ts';

const FILES_AT_ONCE = 64;

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** What DuckDB says of a statement, or of sums that are too large: no file is to blame. */
const ABOUT_STATEMENT = /: (Binder|Parser|Catalog|Conversion|Out of Range|INTERRUPT) Error/;

/** Whether a query may have failed because of what it read. */
export const isAboutFile = (error: unknown): error is VpcflowError => {
  if (!(error instanceof VpcflowError)) return false;
  if (error.code === 'VF_QUERY') return !ABOUT_STATEMENT.test(error.message);
  return error.code === 'VF_STORE_CORRUPT' || error.code === 'VF_STORE_UNREACHABLE';
};

/**
 * Reads files whole and remembers those that cannot be read. Their keys: when there are any, what failed because of
 * them can be tried again without them.
 */
export async function findDamage(
  engine: QueryEngine,
  memory: FileMemory,
  files: readonly HeldFile[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (let from = 0; from < files.length; from += FILES_AT_ONCE) {
    const some = files.slice(from, from + FILES_AT_ONCE);
    if (await canRead(engine, some, signal)) continue;
    for (const file of some) {
      if (await canRead(engine, [file], signal)) continue;
      found.push(file.object.key);
      // One that is gone may come back as it was, with the volume that it lies on: it is looked for again.
      if (!(await isThere(file.path))) continue;
      memory.setDamage(file.object, 'it is damaged: not all of its values can be read');
    }
  }
  return found;
}

async function canRead(engine: QueryEngine, files: readonly HeldFile[], signal?: AbortSignal): Promise<boolean> {
  try {
    const { chunks } = await engine.run(readAllSql(files.map(({ path }) => path)), [], signal);
    for await (const _ of chunks);
    return true;
  } catch (error) {
    if (isAboutFile(error) && signal?.aborted !== true) return false;
    throw error;
  }
}

const isInteger = (value: QueryValue): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number';

/** The longest aggregation interval of digest files, s; null: none is known. Each file is asked once. */
export async function longestInterval(
  engine: QueryEngine,
  memory: FileMemory,
  files: readonly HeldFile[],
  signal?: AbortSignal,
): Promise<number | null> {
  const unknown = files.filter(({ object }) => memory.interval(object) === undefined);
  const found = new Map<string, number>();
  if (unknown.length > 0) {
    const { chunks } = await engine.run(intervalSql(unknown.map(({ path }) => path)), [], signal);
    for await (const rows of chunks) {
      for (const [path, interval] of rows) if (isInteger(interval)) found.set(String(path), Number(interval));
    }
  }
  let longest: number | null = null;
  for (const { object, path } of files) {
    const interval = memory.interval(object) ?? found.get(path) ?? null;
    memory.setInterval(object, interval);
    if (interval !== null && interval > (longest ?? -1)) longest = interval;
  }
  return longest;
}

/** How many answers about skipped minutes are kept: a page that is loaded again asks the same. */
const MAX_KEPT = 256;

/** Interface-minutes with the status SKIPDATA; the answers about the same files and window are kept. */
export class SkipdataReader {
  readonly #engine: QueryEngine;
  readonly #kept = new Map<string, Skipdata>();

  constructor(engine: QueryEngine) {
    this.#engine = engine;
  }

  async read(files: readonly HeldFile[], window: Window, signal?: AbortSignal): Promise<Skipdata> {
    if (files.length === 0) return NO_SKIPDATA;
    const name = [window.start, window.stop, ...files.map(({ object }) => `${object.key}\n${object.tag}`)].join('\n');
    const kept = this.#kept.get(name) ?? (await this.#ask(files, window, signal));
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(oldest);
    return kept;
  }

  async #ask(files: readonly HeldFile[], window: Window, signal?: AbortSignal): Promise<Skipdata> {
    const sql = skipdataSql(
      files.map(({ path }) => path),
      window,
    );
    const { chunks } = await this.#engine.run(sql, [], signal);
    let [interfaces, minutes] = [0, 0];
    const named: Skipdata['named'][number][] = [];
    for await (const rows of chunks) {
      for (const [account, iface, own, count, total] of rows) {
        [interfaces, minutes] = [Number(count), Number(total)];
        const text = (value: QueryValue) => (typeof value === 'string' ? value : null);
        named.push({ account_id: text(account), interface_id: text(iface), minutes: Number(own) });
      }
    }
    return { interfaces, minutes, named };
  }
}

// Turns Parquet objects into what their rows add up to, many files a query.
import type { ObjectTable } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { QueryEngine, QueryValue } from '../../../schemas/query.ts';
import type { ListedObject } from '../../../schemas/store.ts';
import type { ObjectFiles } from '../query/cache/object-files.ts';
import { quotedPath } from '../query/engine/sql-text.ts';

export type ParquetTable = Extract<ObjectTable, 'digests' | 'coverage' | 'events'>;

export interface ParquetFacts {
  readonly rows: bigint;
  /** digests: flows, packets, bytes; coverage: NODATA, SKIPDATA and all lines; events: nothing. */
  readonly sums: readonly [bigint, bigint, bigint];
  /** The earliest and latest minute, Unix ms; null where there is no row (or no minute). */
  readonly first: number | null;
  readonly last: number | null;
}

/** What is known of an object, or why nothing is. */
export type Fact = ParquetFacts | { readonly unreadable: string };

const FILES_AT_ONCE = 256;

const MEASURES: Readonly<Record<ParquetTable, string>> = {
  digests: 'sum(flows), sum(packets), sum(bytes), min(minute), max(minute)',
  coverage:
    "sum(records) FILTER (log_status = 'NODATA'), sum(records) FILTER (log_status = 'SKIPDATA'), sum(records), " +
    'min(minute), max(minute)',
  events: 'NULL::BIGINT, NULL::BIGINT, NULL::BIGINT, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ',
};

const statement = (table: ParquetTable, paths: readonly string[]): string => {
  const list = paths.map(quotedPath).join(', ');
  const files = `read_parquet([${list}], union_by_name = true, hive_partitioning = false, filename = true)`;
  return `SELECT filename, count(*), ${MEASURES[table]} FROM ${files} GROUP BY filename`;
};

const integer = (value: QueryValue | undefined): bigint =>
  typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : 0n;

const time = (value: QueryValue | undefined): number | null => (typeof value === 'number' ? value : null);

const EMPTY: ParquetFacts = { rows: 0n, sums: [0n, 0n, 0n], first: null, last: null };

export class ParquetReader {
  readonly #engine: QueryEngine;
  readonly #files: ObjectFiles;
  readonly #signal: AbortSignal | undefined;

  constructor(engine: QueryEngine, files: ObjectFiles, signal?: AbortSignal) {
    this.#engine = engine;
    this.#files = files;
    this.#signal = signal;
  }

  /** Facts by key; each object is there. */
  async read(table: ParquetTable, objects: readonly ListedObject[]): Promise<ReadonlyMap<string, Fact>> {
    const facts = new Map<string, Fact>();
    for (let from = 0; from < objects.length; from += FILES_AT_ONCE) {
      const some = objects.slice(from, from + FILES_AT_ONCE);
      const together = await this.#together(table, some);
      for (const [key, fact] of together ?? (await this.#apart(table, some))) facts.set(key, fact);
    }
    return facts;
  }

  /** Null when one of the files spoils the query. */
  async #together(table: ParquetTable, objects: readonly ListedObject[]): Promise<Map<string, Fact> | null> {
    const held = await this.#files.hold(objects, this.#signal);
    try {
      if (held.paths.length !== objects.length) return null;
      return await this.#query(table, objects, held.paths);
    } catch (error) {
      if (isAboutFile(error)) return null;
      throw error;
    } finally {
      held.release();
    }
  }

  async #apart(table: ParquetTable, objects: readonly ListedObject[]): Promise<Map<string, Fact>> {
    const facts = new Map<string, Fact>();
    for (const object of objects) {
      const held = await this.#files.hold([object], this.#signal);
      try {
        if (held.paths.length === 0) facts.set(object.key, { unreadable: 'it is gone' });
        else for (const [key, fact] of await this.#query(table, [object], held.paths)) facts.set(key, fact);
      } catch (error) {
        if (!isAboutFile(error)) throw error;
        facts.set(object.key, { unreadable: error.message });
      } finally {
        held.release();
      }
    }
    return facts;
  }

  async #query(
    table: ParquetTable,
    objects: readonly ListedObject[],
    paths: readonly string[],
  ): Promise<Map<string, Fact>> {
    const keys = new Map(paths.map((path, i) => [path, objects[i].key]));
    const facts = new Map<string, Fact>(objects.map(({ key }) => [key, EMPTY]));
    const { chunks } = await this.#engine.run(statement(table, paths), [], this.#signal);
    for await (const rows of chunks) {
      for (const [path, count, a, b, c, first, last] of rows) {
        const key = keys.get(String(path));
        if (key === undefined) throw new VpcflowError('VF_QUERY', `the rows of ${path} belong to no object`);
        const sums = [integer(a), integer(b), integer(c)] as const;
        facts.set(key, { rows: integer(count), sums, first: time(first), last: time(last) });
      }
    }
    return facts;
  }
}

/** Whether a query failed because of what it read; an error of the store itself ends the audit. */
const isAboutFile = (error: unknown): error is VpcflowError =>
  error instanceof VpcflowError &&
  (error.code === 'VF_STORE_CORRUPT' || error.code === 'VF_QUERY' || error.code === 'VF_STORE_UNREACHABLE');

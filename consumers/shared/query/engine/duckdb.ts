// Runs SQL in an in-process DuckDB that may read a few named directories and nothing else of the machine.
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { QueryEngine, QueryParameter, QueryResult, QueryStep, QueryValue } from '../../../../schemas/query.ts';
import type { Lane, QueryPresent } from '../query-stats.ts';
import { queryError } from './duckdb-errors.ts';
import { beginQuery, keepRows, nextRows, streamQuery } from './duckdb-results.ts';
import { Lanes } from './lanes.ts';
import { bracketedPath, quotedList, quotedText } from './sql-text.ts';

export interface DuckDbOptions {
  /** Directories whose files queries may read. */
  readonly directories: readonly string[];
  /** What DuckDB may hold before it spills to disk, bytes. */
  readonly memoryLimit?: number;
  readonly threads?: number;
  /** False where each file is read once: what DuckDB keeps of every file that it read grows past the limit. */
  readonly keepFiles?: boolean;
  /** Where the scratch directory is made (default: the system's temporary directory). */
  readonly temporary?: string;
  /** The lane of the question that a signal belongs to (default: the small one for all). */
  readonly lane?: (signal: AbortSignal | undefined) => Lane;
}

export interface DuckDbEngine extends QueryEngine {
  present(): Promise<QueryPresent>;
}

export const DEFAULT_MEMORY_LIMIT = 576 * 1024 * 1024; // bytes; leaves room for Node below 1 GiB
/** Spill files may have so many times the memory limit: 10 GiB with the default. */
const SPILL_FACTOR = 16;

const INTERRUPT_EVERY = 20; // ms
const SPILL = 'spill'; // directory of the scratch directory

/** Opens an in-memory DuckDB. It loads no extension, opens no file outside `directories` and has no way back from that. */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDbEngine> {
  const memoryLimit = options.memoryLimit ?? DEFAULT_MEMORY_LIMIT;
  const parent = options.temporary ?? tmpdir();
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, 'vpcflow-query-'));
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${memoryLimit}B`,
    max_temp_directory_size: `${SPILL_FACTOR * memoryLimit}B`,
    threads: String(options.threads ?? 2),
    temp_directory: join(scratch, SPILL),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  // A path is compared with these as it is written, before and after its brackets are resolved.
  const directories = [...options.directories, scratch]
    .map((directory) => `${resolve(directory)}/`)
    .flatMap((directory) => [directory, bracketedPath(directory)]);
  await connection.run("SET TimeZone = 'UTC'");
  if (options.keepFiles === false) await connection.run('SET enable_external_file_cache = false');
  await connection.run('SET preserve_insertion_order = false');
  await connection.run(`SET allowed_directories = ${quotedList(directories)}`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  connection.closeSync();
  return new DuckDb(instance, scratch, options.lane ?? (() => 'small'));
}

class DuckDb implements DuckDbEngine {
  readonly #instance: DuckDBInstance;
  readonly #scratch: string;
  readonly #lane: (signal: AbortSignal | undefined) => Lane;
  readonly #lanes = new Lanes();
  readonly #open = new Set<DuckDBConnection>();
  readonly #interrupts = new Set<() => void>(); // of the steps that run
  #exports = 0;
  readonly #closing = new AbortController();
  readonly #steps = new Set<Promise<unknown>>();

  constructor(instance: DuckDBInstance, scratch: string, lane: (signal: AbortSignal | undefined) => Lane) {
    this.#instance = instance;
    this.#scratch = scratch;
    this.#lane = lane;
  }

  async present(): Promise<QueryPresent> {
    return { ...this.#lanes.present, spillBytes: await bytesOf(join(this.#scratch, SPILL)) };
  }

  async run(
    sql: string,
    parameters: readonly QueryParameter[] = [],
    signal?: AbortSignal,
    before?: QueryStep,
  ): Promise<QueryResult> {
    const connection = await this.#connect(signal);
    try {
      if (before !== undefined) await this.#step(connection, signal, () => keepRows(connection, before));
      const { columns, first, rest } = await this.#step(connection, signal, () =>
        beginQuery(connection, sql, parameters),
      );
      if (rest === null) this.#disconnect(connection);
      const chunks = this.#chunks(connection, first, rest, signal);
      const close = async () => {
        await chunks.return(); // after the step that runs
        await this.#abandon(connection); // a generator that was never begun has no finally
      };
      return { columns, chunks, close };
    } catch (error) {
      await this.#abandon(connection);
      throw error;
    }
  }

  async *parquet(
    sql: string,
    parameters: readonly QueryParameter[] = [],
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    this.#exports += 1;
    const file = join(this.#scratch, `export-${this.#exports}.parquet`);
    const connection = await this.#connect(signal);
    try {
      const copy = `COPY (${sql}) TO ${quotedText(file)} (FORMAT parquet, COMPRESSION zstd)`;
      await this.#step(connection, signal, () => streamQuery(connection, copy, parameters));
      // Bytes, because no encoding is set; the type of a read stream's chunks does not say so.
      for await (const piece of createReadStream(file)) yield piece as Buffer;
    } finally {
      this.#disconnect(connection);
      await rm(file, { force: true });
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new VpcflowError('VF_QUERY', 'the query engine is closed'));
    // What runs is interrupted and then lets go; after that nothing uses the instance any more.
    for (const interrupt of this.#interrupts) interrupt();
    await this.#settled();
    // An unfinished result would go on to spill into what is removed here.
    await Promise.all([...this.#open].map((connection) => this.#abandon(connection)));
    await this.#settled();
    this.#instance.closeSync();
    await rm(this.#scratch, { recursive: true, force: true, maxRetries: 8, retryDelay: 20 }); // ms
  }

  async #settled(): Promise<void> {
    while (this.#steps.size > 0) await Promise.allSettled(this.#steps);
  }

  async #connect(signal: AbortSignal | undefined): Promise<DuckDBConnection> {
    this.#throwIfUnwanted(signal);
    const connection = await this.#instance.connect();
    this.#open.add(connection);
    return connection;
  }

  #disconnect(connection: DuckDBConnection): void {
    if (this.#open.delete(connection)) connection.closeSync();
  }

  /**
   * Closes a connection whose result may be unfinished. What such a result holds is freed with its object, whenever that
   * is collected, or at once when the connection is given something else to do.
   */
  async #abandon(connection: DuckDBConnection): Promise<void> {
    if (!this.#open.delete(connection)) return;
    const freed = this.#lanes.pass('small', true, () => connection.run('SELECT 1'));
    this.#steps.add(freed);
    try {
      await freed;
    } catch {
      // A database that cannot even do that has freed the result already.
    } finally {
      connection.closeSync();
      this.#steps.delete(freed);
    }
  }

  /** One call into DuckDB, ended when the signal aborts or the engine closes while it runs. */
  async #step<T>(
    connection: DuckDBConnection,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
    begun = false,
  ): Promise<T> {
    const turn = () => this.#turn(connection, signal, call);
    const running = this.#lanes.pass(this.#lane(signal), begun, turn, signal);
    this.#steps.add(running);
    try {
      return await running;
    } finally {
      this.#steps.delete(running);
    }
  }

  /** What a step does when its turn has come. */
  async #turn<T>(connection: DuckDBConnection, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    this.#throwIfUnwanted(signal);
    let again: NodeJS.Timeout | undefined;
    const interrupt = () => {
      connection.interrupt();
      // An interrupt that comes before DuckDB has begun is forgotten, so it is repeated until the call has ended.
      again ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY);
    };
    signal?.addEventListener('abort', interrupt, { once: true });
    this.#interrupts.add(interrupt);
    try {
      return await call();
    } catch (error) {
      this.#throwIfUnwanted(signal);
      throw queryError(error);
    } finally {
      signal?.removeEventListener('abort', interrupt);
      this.#interrupts.delete(interrupt);
      clearInterval(again);
    }
  }

  #throwIfUnwanted(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
  }

  async *#chunks(
    connection: DuckDBConnection,
    first: readonly QueryValue[][][],
    rest: DuckDBResult | null,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<QueryValue[][], void> {
    try {
      yield* first;
      while (rest !== null) {
        const rows = await this.#step(connection, signal, () => nextRows(rest), true);
        if (rows === null) break;
        yield rows;
      }
      this.#disconnect(connection);
    } finally {
      await this.#abandon(connection);
    }
  }
}

async function bytesOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []); // it is made with the first file
  const sizes = names.map(async (name) => (await stat(join(directory, name)).catch(() => null))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

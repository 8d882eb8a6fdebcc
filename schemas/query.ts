// The seam to the query engine, and what every answer about a window says of itself.

/** What may be bound to a `?` of a query. */
export type QueryParameter = null | boolean | number | bigint | string;

/** `integer` covers every width up to 128 bits; `timestamp` is UTC. */
export type QueryColumnType = 'timestamp' | 'string' | 'integer' | 'double' | 'boolean' | 'list';

export interface QueryColumn {
  readonly name: string;
  readonly type: QueryColumnType;
}

/**
 * `timestamp`: a number, Unix ms. `integer`: a number where the engine's type has 32 bits or fewer, otherwise a bigint
 * (exact, also for sums of more than 63 bits). `list`: an array of values.
 */
export type QueryValue = null | boolean | number | bigint | string | readonly QueryValue[];

export interface QueryResult {
  readonly columns: readonly QueryColumn[];
  /** The rows, a chunk at a time, in the query's order; to be iterated once. At its end, or left, the result is closed. */
  readonly chunks: AsyncIterable<readonly (readonly QueryValue[])[]>;
  /** Gives back what the query holds, also when no chunk was ever asked for; a second time it does nothing. */
  close(): Promise<void>;
}

/**
 * Runs SQL over files. Fails with VF_QUERY (the statement), VF_LIMIT (out of memory and spill space) or
 * VF_STORE_CORRUPT (a file that is no Parquet); an aborted signal interrupts the query and rejects with its reason.
 */
export interface QueryEngine {
  /** Starts a query; resolves with its first rows ready to be fetched. Rows are never all in memory. */
  run(sql: string, parameters?: readonly QueryParameter[], signal?: AbortSignal): Promise<QueryResult>;
  /** The rows of a query as one Parquet file (ZSTD), in pieces. */
  parquet(sql: string, parameters?: readonly QueryParameter[], signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Interrupts what runs and frees memory and spill files. Nothing may be called after it. */
  close(): Promise<void>;
}

/** A half-open window of whole minutes. */
export interface Window {
  readonly start: number; // Unix ms, a whole minute, inclusive
  readonly stop: number; // Unix ms, a whole minute, exclusive
}

/** How complete an answer is. */
export interface Completeness {
  /** null: unknown, because no stream ever fed the store. */
  readonly complete: boolean | null;
  /** Unix ms up to which everything that arrived is in the store; null: none. */
  readonly watermark: number | null;
  /** Unix ms at which the store was read. */
  readonly asOf: number;
}

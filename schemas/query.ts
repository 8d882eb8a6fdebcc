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
 * A query whose rows are kept as the table `name` while another one is answered, and no longer: what it needs to make
 * them is given back before, which a common table expression does not do.
 */
export interface QueryStep {
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
}

/**
 * Runs SQL over files. Fails with VF_QUERY (the statement), VF_LIMIT (out of memory and spill space) or
 * VF_STORE_CORRUPT (a file that is no Parquet); an aborted signal interrupts the query and rejects with its reason.
 */
export interface QueryEngine {
  /** Starts a query, after its first step; resolves with its first rows ready to be fetched. Rows are never all in memory. */
  run(
    sql: string,
    parameters?: readonly QueryParameter[],
    signal?: AbortSignal,
    first?: QueryStep,
  ): Promise<QueryResult>;
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

/** A shard that is not up to the window's stop plus lateness. */
export interface ShardBehind {
  readonly stream: string;
  readonly shard: string;
  /** Unix ms; null: nobody has begun to read it. */
  readonly watermark: number | null;
}

/** The shards that a window still waits for. */
export interface Behind {
  readonly count: number;
  /** Those that are furthest behind, the furthest first; at most MAX_NAMED of them. */
  readonly shards: readonly ShardBehind[];
}

/** An interface of which AWS left flows out. */
export interface SkippedInterface {
  readonly account_id: string | null;
  readonly interface_id: string | null;
  readonly minutes: number;
}

/** Interface-minutes of a window of which AWS says that it left flows out (log status SKIPDATA). */
export interface Skipdata {
  readonly interfaces: number;
  readonly minutes: number;
  /** Those with most such minutes, most first; at most MAX_NAMED of them. */
  readonly named: readonly SkippedInterface[];
}

/** How many shards, interfaces or warnings an answer names; it counts the others. */
export const MAX_NAMED = 20;

/** How complete an answer is. */
export interface Completeness {
  /**
   * Whether every shard is up to the window's stop plus lateness, and every object could be read. null: unknown, because
   * no stream ever fed the store.
   */
  readonly complete: boolean | null;
  /** Unix ms up to which everything that arrived is in the store; null: none. */
  readonly watermark: number | null;
  /** Unix ms at which the store was read. */
  readonly asOf: number;
  /** How long after its end a window can still change, ms. */
  readonly lateness: number;
  readonly behind: Behind;
  readonly skipdata: Skipdata;
  /**
   * The longest aggregation interval met in the objects that have rows of the window (of a large window in a few dozen of
   * them, spread over it), seconds; null: none is known. It is exact where a row holds one line; for merged lines it is
   * the least that their end allows.
   */
  readonly longestInterval: number | null;
  /** A sentence for each object that could not be read and is left out, by key; the last one counts the others. */
  readonly warnings: readonly string[];
}

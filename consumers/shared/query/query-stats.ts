// What the query service counts while it answers, for whoever shows it: totals since it was opened, and what is so at present.

/** Totals only grow. Whoever plans, fetches or runs adds to them where it happens. */
export interface QueryTotals {
  /** Objects of planned windows that were handed to the engine, their bytes, and the rows that their footers declare. */
  objects: number;
  bytes: number;
  rows: number;
  /** Objects of planned windows that their statistics ruled out. */
  prunedObjects: number;
  /** Objects that could not be read and were left out of an answer with a warning. */
  damagedObjects: number;
  /** Objects of a remote store that were in the cache; that were fetched; their bytes. */
  cacheHits: number;
  cacheMisses: number;
  fetchedBytes: number;
  /** Files of the cache that were removed for space; that were not what was written and were fetched again. */
  cacheEvictions: number;
  cacheDamaged: number;
}

/** Two lanes, so that a large question cannot keep small ones waiting. */
export type Lane = 'small' | 'large';

export interface QueryPresent {
  /** Steps of queries that the engine runs, and that wait for their turn. */
  readonly running: Readonly<Record<Lane, number>>;
  readonly waiting: Readonly<Record<Lane, number>>;
  /** Bytes of the spill directory. */
  readonly spillBytes: number;
}

export interface QueryStats {
  readonly totals: Readonly<QueryTotals>;
  present(): Promise<QueryPresent>;
}

export const noTotals = (): QueryTotals => ({
  ...{ objects: 0, bytes: 0, rows: 0, prunedObjects: 0, damagedObjects: 0 },
  ...{ cacheHits: 0, cacheMisses: 0, fetchedBytes: 0, cacheEvictions: 0, cacheDamaged: 0 },
});

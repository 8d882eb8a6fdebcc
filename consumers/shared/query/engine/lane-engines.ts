// Turns two databases into one engine: small questions have one of their own, whose threads no large one ever holds.
import type { QueryEngine } from '../../../../schemas/query.ts';
import type { Lane, QueryPresent } from '../query-stats.ts';
import type { DuckDbEngine } from './duckdb.ts';

/** Each query, whole, on the engine of the lane that its question is in when it begins. */
export const laneEngines = (
  engines: Readonly<Record<Lane, DuckDbEngine>>,
  lane: (signal: AbortSignal | undefined) => Lane,
): DuckDbEngine => {
  const { small, large } = engines;
  const run: QueryEngine['run'] = (sql, parameters, signal, first) =>
    engines[lane(signal)].run(sql, parameters, signal, first);
  return {
    run,
    parquet: (sql, parameters, signal) => engines[lane(signal)].parquet(sql, parameters, signal),
    present: async () => sum(await small.present(), await large.present()),
    close: async () => {
      await Promise.all([small.close(), large.close()]);
    },
  };
};

const sum = (one: QueryPresent, other: QueryPresent): QueryPresent => ({
  running: { small: one.running.small + other.running.small, large: one.running.large + other.running.large },
  waiting: { small: one.waiting.small + other.waiting.small, large: one.waiting.large + other.waiting.large },
  spillBytes: one.spillBytes + other.spillBytes,
});

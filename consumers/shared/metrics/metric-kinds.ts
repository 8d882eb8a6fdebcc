// Turns the table of metrics into its keys, all or of one kind.
import {
  type CounterKey,
  type GaugeKey,
  type HistogramKey,
  type LabelsOf,
  METRICS,
  type MetricKey,
  QUERY_METRICS,
  WORKER_METRICS,
} from '../../../schemas/metrics.ts';

interface KeysOf {
  readonly counter: CounterKey;
  readonly gauge: GaugeKey;
  readonly histogram: HistogramKey;
}

export const isA = <K extends keyof KeysOf>(kind: K, metric: MetricKey): metric is KeysOf[K] =>
  METRICS[metric].kind === kind;

const keysIn = (table: object): readonly MetricKey[] =>
  Object.keys(table).filter((key): key is MetricKey => key in METRICS);

/** In the order of the table. */
export const METRIC_KEYS = keysIn(METRICS);
export const WORKER_METRIC_KEYS = keysIn(WORKER_METRICS);
export const QUERY_METRIC_KEYS = keysIn(QUERY_METRICS);

type ShardCounterKey = {
  [M in CounterKey]: LabelsOf<M> extends { readonly shard: string }
    ? 'reason' extends keyof LabelsOf<M>
      ? never
      : M
    : never;
}[CounterKey];

/** Those of the kind, in the same order. */
export const keysOf = <K extends keyof KeysOf>(
  kind: K,
  keys: readonly MetricKey[] = METRIC_KEYS,
): readonly KeysOf[K][] => keys.filter((key) => isA(kind, key));

/** The counters whose one label is the shard: a new shard has them all with 0. */
export const SHARD_COUNTERS: readonly ShardCounterKey[] = keysOf('counter').filter(
  (key): key is ShardCounterKey => METRICS[key].labels.join() === 'shard',
);

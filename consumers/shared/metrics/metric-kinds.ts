// Turns the table of metrics into its keys, all or of one kind.
import {
  type CounterKey,
  type GaugeKey,
  type HistogramKey,
  METRICS,
  type MetricKey,
} from '../../../schemas/metrics.ts';

interface KeysOf {
  readonly counter: CounterKey;
  readonly gauge: GaugeKey;
  readonly histogram: HistogramKey;
}

export const isA = <K extends keyof KeysOf>(kind: K, metric: MetricKey): metric is KeysOf[K] =>
  METRICS[metric].kind === kind;

/** In the order of the table. */
export const METRIC_KEYS: readonly MetricKey[] = Object.keys(METRICS).filter((key): key is MetricKey => key in METRICS);

/** In the order of the table. */
export const keysOf = <K extends keyof KeysOf>(kind: K): readonly KeysOf[K][] =>
  METRIC_KEYS.filter((key) => isA(kind, key));

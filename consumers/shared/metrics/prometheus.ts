// Turns a worker's measurements into a Prometheus registry: every metric of the table, with shard as a bounded label.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import packageJson from '../../../package.json' with { type: 'json' };
import { type HistogramKey, METRICS, type Meter, type MetricKey } from '../../../schemas/metrics.ts';
import { DECODER_VERSION } from '../../../schemas/settings.ts';
import { BoundedSeries } from './bounded-series.ts';
import { keysOf, METRIC_KEYS } from './metric-kinds.ts';

/** What a Prometheus server takes from one worker without being asked: 257 series of most metrics. */
const MAX_SHARDS = 256;

const BUCKETS: Readonly<Record<HistogramKey, readonly number[]>> = {
  flushSeconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120], // s
  mirrorSeconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300], // s
  deliverySeconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120], // s
  httpSeconds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120], // s
};

const versionInfo = (registry: Registry): void => {
  const info = new Gauge({
    name: 'vpcflow_build_info',
    help: 'Always 1: the version that runs, and the version of its decoder.',
    labelNames: ['version', 'decoder'],
    registers: [registry],
  });
  info.set({ version: packageJson.version, decoder: DECODER_VERSION }, 1);
};

/**
 * A meter and the registry that shows what it was told of `metrics` (without it: of all); two of them share nothing. Beyond `maxShards` shards the label
 * is `other` (BoundedSeries says when), whose gauges are those of its worst shard.
 */
export const prometheusMeter = ({
  maxShards = MAX_SHARDS,
  metrics = METRIC_KEYS,
}: {
  readonly maxShards?: number;
  readonly metrics?: readonly MetricKey[];
} = {}): { readonly meter: Meter; readonly registry: Registry } => {
  const registry = new Registry();
  const registers = [registry];
  const series = new BoundedSeries(maxShards);
  // prom-client writes the text only: the numbers lie in the series, because it cannot move one to another label.
  for (const metric of keysOf('gauge', metrics)) {
    const { name, help, labels: labelNames } = METRICS[metric];
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        for (const { labels, value } of series.gauges(metric)) this.set(labels, value);
      },
    });
  }
  for (const metric of keysOf('counter', metrics)) {
    const { name, help, labels: labelNames } = METRICS[metric];
    new Counter({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        for (const { labels, value } of series.counters(metric)) this.inc(labels, value);
      },
    });
  }
  const histograms = new Map(
    keysOf('histogram', metrics).map((metric) => {
      const { name, help, labels: labelNames } = METRICS[metric];
      return [metric, new Histogram({ name, help, labelNames, buckets: [...BUCKETS[metric]], registers })];
    }),
  );
  versionInfo(registry);
  const meter: Meter = {
    count: (metric, by, labels) => series.count(metric, by, labels),
    set: (metric, value, labels) => series.set(metric, value, labels),
    observe: (metric, value, labels) => histograms.get(metric)?.observe(labels, value),
    forget: (shard) => series.forget(shard),
  };
  return { meter, registry };
};

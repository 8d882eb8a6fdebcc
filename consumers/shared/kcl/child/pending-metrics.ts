// Turns measurements between two messages into as few updates as say the same: sums, last values, observations.
import type { MetricKey, MetricUpdate } from '../../../../schemas/metrics.ts';

/** Observations between two messages, a second apart: more would be a fault, and memory comes first. */
const MAX_OBSERVATIONS = 10_000;

type Labels = MetricUpdate['labels'];

export class PendingMetrics {
  #series = new Map<string, MetricUpdate>(); // counters and gauges, in the order of their first change
  #observations: MetricUpdate[] = [];

  count(metric: MetricKey, by: number, labels: Labels): void {
    const name = seriesName(metric, labels);
    this.#series.set(name, { metric, value: (this.#series.get(name)?.value ?? 0) + by, labels });
  }

  set(metric: MetricKey, value: number, labels: Labels): void {
    this.#series.set(seriesName(metric, labels), { metric, value, labels });
  }

  /** Beyond the limit the newest are dropped. */
  observe(metric: MetricKey, value: number, labels: Labels): void {
    if (this.#observations.length < MAX_OBSERVATIONS) this.#observations.push({ metric, value, labels });
  }

  /** What happened since the last call; it is forgotten here. */
  take(): MetricUpdate[] {
    const updates = [...this.#series.values(), ...this.#observations];
    this.#series = new Map();
    this.#observations = [];
    return updates;
  }
}

const seriesName = (metric: MetricKey, labels: Labels): string =>
  JSON.stringify([metric, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);

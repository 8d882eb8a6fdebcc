// A Meter that keeps what it was told, for a test to ask.
import type { CounterKey, GaugeKey, HistogramKey, LabelsOf, Meter } from '../../../../schemas/metrics.ts';

const keyOf = (metric: string, labels: Readonly<Record<string, string>>): string =>
  [metric, ...Object.values(labels)].join(' ');

export class MeasuredMeter implements Meter {
  /** By `metric label label`: sums of counters, last values of gauges, numbers of observations. */
  readonly values: Record<string, number> = {};

  count<M extends CounterKey>(metric: M, by: number, labels: LabelsOf<M>): void {
    const key = keyOf(metric, labels);
    this.values[key] = (this.values[key] ?? 0) + by;
  }

  set<M extends GaugeKey>(metric: M, value: number, labels: LabelsOf<M>): void {
    this.values[keyOf(metric, labels)] = value;
  }

  observe<M extends HistogramKey>(metric: M, _value: number, labels: LabelsOf<M>): void {
    const key = keyOf(metric, labels);
    this.values[key] = (this.values[key] ?? 0) + 1;
  }

  forget(): void {}

  /** Those that are not 0 and whose key begins so. */
  of(prefix: string): Readonly<Record<string, number>> {
    return Object.fromEntries(
      Object.entries(this.values).filter(([key, value]) => key.startsWith(prefix) && value !== 0),
    );
  }
}

// Turns a measurement that crossed from a child process back into a call of the parent's meter.
import { VpcflowError } from '../../../schemas/errors.ts';
import { type LabelsOf, METRICS, type Meter, type MetricKey, type MetricUpdate } from '../../../schemas/metrics.ts';
import { isA } from './metric-kinds.ts';

/** What is wrong with an update, after "which"; null when it is one of the table. */
const problemOf = ({ metric, value, labels }: MetricUpdate): string | null => {
  if (!Object.hasOwn(METRICS, metric)) return 'is no metric';
  const names = [...METRICS[metric].labels].sort().join();
  const given = Object.keys(labels).sort().join();
  if (given !== names) return `has the labels (${names}), not (${given})`;
  if (Object.values(labels).includes('')) return 'has no empty labels';
  if (!Number.isFinite(value) || (!isA('gauge', metric) && value < 0)) return `cannot be ${value}`;
  return null;
};

/**
 * Throws VF_ENGINE for an update that is not of the table, before the meter hears of it: parent and child are of one
 * version, so it is a fault of ours, and a metric that is quietly wrong is worse than a worker that ends.
 */
export const applyUpdate = (meter: Meter, update: MetricUpdate): void => {
  const problem = problemOf(update);
  const { metric, value } = update;
  if (problem !== null) throw new VpcflowError('VF_ENGINE', `a child measured ${metric}, which ${problem}`);
  // The wire: that these are the metric's labels was just looked at.
  const labels = update.labels as LabelsOf<MetricKey>;
  if (isA('counter', metric)) meter.count(metric, value, labels);
  else if (isA('gauge', metric)) meter.set(metric, value, labels);
  else if (isA('histogram', metric)) meter.observe(metric, value, labels);
};

// Turns the options of a worker into one meter that tells everybody who wants to know: Prometheus, StatsD, its last line.
import { collectDefaultMetrics } from 'prom-client';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Log } from '../log.ts';
import type { Options } from '../options.ts';
import { healthMeter } from './health.ts';
import { WORKER_METRIC_KEYS } from './metric-kinds.ts';
import { type MetricsServer, startMetricsServer } from './metrics-server.ts';
import { prometheusMeter } from './prometheus.ts';
import { type StatsdMeter, statsdMeter } from './statsd.ts';
import { parseStatsdAddress, parseStatsdTags } from './statsd-address.ts';
import { type Totals, totalsMeter } from './totals.ts';

export interface Meters {
  readonly meter: Meter;
  /** Where /metrics and /healthz are, without a slash at its end; null when nobody asked for them. */
  readonly url: string | null;
  /** What was counted since the start. */
  readonly totals: () => Totals;
  /** Sends the last StatsD packet and stops listening. Does not reject. */
  close(): Promise<void>;
}

/** One meter that passes everything on to several. */
export const fanOut = (meters: readonly Meter[]): Meter => ({
  count: (metric, by, labels) => {
    for (const meter of meters) meter.count(metric, by, labels);
  },
  set: (metric, value, labels) => {
    for (const meter of meters) meter.set(metric, value, labels);
  },
  observe: (metric, value, labels) => {
    for (const meter of meters) meter.observe(metric, value, labels);
  },
  forget: (shard) => {
    for (const meter of meters) meter.forget(shard);
  },
});

/** Once a process: the process's own metrics stand beside the worker's. */
const serve = async (
  port: number,
  clock: Clock,
): Promise<{ readonly meters: readonly Meter[]; readonly server: MetricsServer }> => {
  const { meter, registry } = prometheusMeter({ metrics: WORKER_METRIC_KEYS });
  const { meter: listener, health } = healthMeter(clock);
  const server = await startMetricsServer(port, { registry, health });
  collectDefaultMetrics({ register: registry });
  return { meters: [meter, listener], server };
};

/** Throws VF_USAGE for a StatsD address or tags that are none; rejects with VF_PORT_IN_USE or VF_BIND_REFUSED. */
export const openMeters = async (
  { metricsPort, statsd, statsdTags }: Pick<Options, 'metricsPort' | 'statsd' | 'statsdTags'>,
  log: Log,
  clock: Clock,
): Promise<Meters> => {
  const tags = parseStatsdTags(statsdTags);
  const address = statsd === null ? null : parseStatsdAddress(statsd);
  const { meter: counting, totals } = totalsMeter();
  const served = metricsPort === null ? null : await serve(metricsPort, clock);
  const sending: StatsdMeter | null = address === null ? null : statsdMeter({ ...address, tags, log, clock });
  const meter = fanOut([counting, ...(served?.meters ?? []), ...(sending === null ? [] : [sending])]);
  meter.set('engineUp', 0, {}); // until an engine says otherwise
  return {
    meter,
    url: served?.server.url ?? null,
    totals,
    close: async () => {
      await Promise.all([served?.server.close(), sending?.close()]);
    },
  };
};

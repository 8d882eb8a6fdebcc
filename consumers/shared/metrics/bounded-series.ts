// Turns measurements of any number of shards into a bounded number of series, with sums that are always right.
import { type CounterKey, type GaugeKey, LABEL_NAMES, type MetricUpdate } from '../../../schemas/metrics.ts';

type Labels = MetricUpdate['labels'];

/** One line of an exposition. */
export interface Series {
  readonly labels: Labels;
  readonly value: number;
}

/** The shard label of what has no label of its own. No shard is called so. */
export const OTHER = 'other';

/** Of shards that share a label the worst is told: the furthest behind, the oldest watermark. */
const WORST: Readonly<Record<GaugeKey, (...values: number[]) => number>> = {
  millisBehindLatest: Math.max,
  watermark: Math.min,
  mirrorSessions: Math.max,
  mirrorWaiting: Math.max,
  mirrorWaitingSeconds: Math.max,
  children: Math.max,
  engineUp: Math.min,
  forwardSpool: Math.max,
  httpInFlight: Math.max,
  queriesRunning: Math.max,
  queriesQueued: Math.max,
  spill: Math.max,
  windowJobsHeld: Math.max,
};

const seriesKey = (labels: Labels): string => LABEL_NAMES.map((name) => labels[name] ?? '').join('\n');

/**
 * A shard is live from its first gauge until it is forgotten. `maxShards` shards have labels of their own, and one that
 * was forgotten keeps its counters under its own as long as there is room, so that the last ones can still be scraped.
 * When a further shard comes, the counters of the one forgotten longest ago move to `other`; when all are live the new
 * one is `other` itself until it is forgotten. A sum over all shards therefore never goes back and loses nothing; what
 * moves shows once in the rate of `other`.
 */
export class BoundedSeries {
  readonly #maxShards: number;
  /** Those with a label of their own, and whether they are live; the forgotten ones in the order of it. */
  readonly #own = new Map<string, boolean>();
  /** The live ones without, and their gauges. */
  readonly #crowd = new Map<string, Map<GaugeKey, number>>();
  readonly #counters = new Map<CounterKey, Map<string, Series>>();
  readonly #gauges = new Map<GaugeKey, Map<string, Series>>();

  constructor(maxShards: number) {
    this.#maxShards = maxShards;
  }

  count(metric: CounterKey, by: number, labels: Labels): void {
    this.#add(metric, by, labels.shard === undefined ? labels : { ...labels, shard: this.#labelOf(labels.shard) });
  }

  set(metric: GaugeKey, value: number, labels: Labels): void {
    const { shard } = labels;
    const label = shard === undefined ? undefined : this.#labelOf(shard);
    if (shard === undefined || label === shard) {
      if (shard !== undefined) this.#own.set(shard, true);
      this.#put(metric, value, labels);
    } else {
      const gauges = this.#crowd.get(shard) ?? new Map<GaugeKey, number>();
      this.#crowd.set(shard, gauges.set(metric, value));
      this.#tellWorst(metric);
    }
  }

  /** Its gauges go; its counters stay, here or in `other`. */
  forget(shard: string): void {
    if (this.#own.delete(shard)) {
      this.#own.set(shard, false);
      for (const series of this.#gauges.values()) series.delete(seriesKey({ shard }));
    }
    const gauges = this.#crowd.get(shard);
    this.#crowd.delete(shard);
    for (const metric of gauges?.keys() ?? []) this.#tellWorst(metric);
  }

  counters(metric: CounterKey): readonly Series[] {
    return [...(this.#counters.get(metric)?.values() ?? [])];
  }

  gauges(metric: GaugeKey): readonly Series[] {
    return [...(this.#gauges.get(metric)?.values() ?? [])];
  }

  /** Begins all counters anew: for whoever reports what was counted since the last time. */
  resetCounters(): void {
    this.#counters.clear();
  }

  #labelOf(shard: string): string {
    if (this.#own.has(shard)) return shard;
    if (this.#crowd.has(shard)) return OTHER;
    if (this.#own.size >= this.#maxShards) {
      const forgotten = this.#own.entries().find(([, live]) => !live);
      if (forgotten === undefined) return OTHER;
      this.#fold(forgotten[0]);
    }
    this.#own.set(shard, false);
    return shard;
  }

  #fold(shard: string): void {
    this.#own.delete(shard);
    for (const [metric, all] of this.#counters) {
      for (const [key, { labels, value }] of all) {
        if (labels.shard !== shard) continue;
        all.delete(key);
        this.#add(metric, value, { ...labels, shard: OTHER });
      }
    }
  }

  #add(metric: CounterKey, by: number, labels: Labels): void {
    const all = this.#counters.get(metric) ?? new Map<string, Series>();
    const key = seriesKey(labels);
    this.#counters.set(metric, all.set(key, { labels, value: (all.get(key)?.value ?? 0) + by }));
  }

  #put(metric: GaugeKey, value: number, labels: Labels): void {
    const all = this.#gauges.get(metric) ?? new Map<string, Series>();
    this.#gauges.set(metric, all.set(seriesKey(labels), { labels, value }));
  }

  #tellWorst(metric: GaugeKey): void {
    const values = [...this.#crowd.values()].flatMap((gauges) => gauges.get(metric) ?? []);
    const labels = { shard: OTHER };
    if (values.length > 0) this.#put(metric, WORST[metric](...values), labels);
    else this.#gauges.get(metric)?.delete(seriesKey(labels));
  }
}

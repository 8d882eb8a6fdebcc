// Turns a worker's measurements into DogStatsD packets, once a second, to a server that may or may not be there.
// Not hot-shots, the field's client: it brings an optional native dependency that is compiled at `npm ci`.
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Log } from '../log.ts';
import { BoundedSeries } from './bounded-series.ts';
import { keysOf } from './metric-kinds.ts';
import type { StatsdAddress } from './statsd-address.ts';
import { type Observation, statsdLine, statsdPackets } from './statsd-packets.ts';
import { UdpSender } from './udp-sender.ts';

const FLUSH_MS = 1000;
/** A gauge that stays as it is; what an agent adds up to one point. */
const UNCHANGED_MS = 10_000;
/** A last packet is worth this much of an ending worker's time; a name server may take longer to say no. */
const CLOSE_MS = 2000;
const MAX_SHARDS = 256;

export interface StatsdOptions extends StatsdAddress {
  readonly tags: readonly string[];
  readonly log: Log;
  readonly clock: Clock;
  readonly maxShards?: number;
}

export interface StatsdMeter extends Meter {
  /** Sends what was measured since the last time, and ends. Does not reject; takes 2 s at most. */
  close(): Promise<void>;
}

/** Of a gauge: the line that was sent last, and when. */
interface Told {
  readonly line: string;
  readonly at: number; // Unix ms
}

/**
 * Counters are what was counted since the packet before; gauges are told when they have changed, and every ten seconds
 * as long as their shard is ours; each observation is a line. Nobody waits for a packet, and one that cannot be sent is logged, once, and lost.
 * Beyond `maxShards` shards the tag is `shard:other` (BoundedSeries says when).
 */
export const statsdMeter = (options: StatsdOptions): StatsdMeter => {
  const { tags, log, clock, maxShards = MAX_SHARDS } = options;
  const sender = new UdpSender(options, clock, log);
  const series = new BoundedSeries(maxShards);
  const stop = new AbortController();
  let observations: Observation[] = [];
  let told = new Map<string, Told>();

  const takeGauges = (): readonly string[] => {
    const now = clock.now();
    const next = new Map<string, Told>(); // without those of shards that are not ours any more
    const lines: string[] = [];
    for (const metric of keysOf('gauge')) {
      for (const one of series.gauges(metric)) {
        const key = [metric, ...Object.values(one.labels)].join('\n');
        const line = statsdLine(metric, one, tags);
        const before = told.get(key);
        if (before !== undefined && before.line === line && now - before.at < UNCHANGED_MS) {
          next.set(key, before);
          continue;
        }
        next.set(key, { line, at: now });
        lines.push(line);
      }
    }
    told = next;
    return lines;
  };

  const takeLines = (): readonly string[] => {
    const counted = keysOf('counter').flatMap((metric) =>
      series
        .counters(metric)
        .filter(({ value }) => value > 0)
        .map((one) => statsdLine(metric, one, tags)),
    );
    const observed = observations.map(({ metric, ...one }) => statsdLine(metric, one, tags));
    series.resetCounters();
    observations = [];
    return [...counted, ...takeGauges(), ...observed];
  };
  const flush = (): Promise<void> => sender.send(statsdPackets(takeLines()));
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(FLUSH_MS, stop.signal);
      await flush();
    }
  };
  const running = run(); // its last flush is that of the close
  return {
    count: (metric, by, labels) => series.count(metric, by, labels),
    set: (metric, value, labels) => series.set(metric, value, labels),
    observe: (metric, value, labels) => void observations.push({ metric, value, labels }),
    forget: (shard) => series.forget(shard),
    close: async () => {
      stop.abort();
      const sent = new AbortController();
      await Promise.race([running.then(() => sent.abort()), clock.sleep(CLOSE_MS, sent.signal)]);
      sender.close();
    },
  };
};

// Opens what the query server tells its numbers: the registry of /metrics, and a StatsD server where one is named.
import type { Registry } from 'prom-client';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Log } from '../../shared/log.ts';
import { QUERY_METRIC_KEYS } from '../../shared/metrics/metric-kinds.ts';
import { fanOut } from '../../shared/metrics/open-meters.ts';
import { prometheusMeter } from '../../shared/metrics/prometheus.ts';
import { statsdMeter } from '../../shared/metrics/statsd.ts';
import { parseStatsdAddress, parseStatsdTags } from '../../shared/metrics/statsd-address.ts';
import { noTotals, type QueryStats } from '../../shared/query/query-stats.ts';
import type { QueryServerOptions } from './server-options.ts';

/** How often a StatsD server is told what the engine and the cache have done. */
const TELL_MS = 1000;

export interface ServerMetrics {
  readonly meter: Meter;
  /** What /metrics shows. */
  readonly registry: Registry;
  /** Has the registry show what the engine and the cache have done until this moment. */
  refresh(): Promise<void>;
  /** Sends the last StatsD packet; takes 2 s at most. Does not reject. */
  close(): Promise<void>;
}

type StatsdOptions = Pick<QueryServerOptions, 'statsd' | 'statsdTags'>;

/** Where to send what; null: nowhere. Throws VF_USAGE for an address or tags that are none. */
export function statsdPlace({ statsd, statsdTags }: StatsdOptions) {
  const tags = parseStatsdTags(statsdTags);
  return statsd === null ? null : { ...parseStatsdAddress(statsd), tags };
}

/** Metrics of one server: two servers of a process share nothing. Throws VF_USAGE as above. */
export function serverMetrics(options: StatsdOptions, stats: QueryStats, log: Log, clock: Clock): ServerMetrics {
  const place = statsdPlace(options);
  const { meter: shown, registry } = prometheusMeter({ metrics: QUERY_METRIC_KEYS });
  const sending = place === null ? null : statsdMeter({ ...place, log, clock });
  const meter = sending === null ? shown : fanOut([shown, sending]);
  const tell = tellerOf(stats, meter);
  const closed = new AbortController();
  const telling = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      await tell();
      await clock.sleep(TELL_MS, closed.signal);
    }
  };
  const told = sending === null ? null : telling();
  return {
    meter,
    registry,
    refresh: tell,
    close: async () => {
      closed.abort();
      await told;
      if (sending !== null) await tell(); // what was done since
      await sending?.close();
    },
  };
}

/** Each call counts what was done since the call before. */
function tellerOf(stats: QueryStats, meter: Meter): () => Promise<void> {
  let before = noTotals();
  return async () => {
    const [{ running, waiting, spillBytes }, totals] = [await stats.present(), { ...stats.totals }];
    const since = (key: keyof typeof totals): number => totals[key] - before[key];
    meter.count('queryObjects', since('objects'), { status: 'read' });
    meter.count('queryObjects', since('prunedObjects'), { status: 'pruned' });
    meter.count('queryObjects', since('damagedObjects'), { status: 'damaged' });
    meter.count('queryRows', since('rows'), {});
    meter.count('queryBytes', since('bytes'), {});
    meter.count('cacheObjects', since('cacheHits'), { status: 'hit' });
    meter.count('cacheObjects', since('cacheMisses'), { status: 'miss' });
    meter.count('cacheObjects', since('cacheEvictions'), { status: 'evicted' });
    meter.count('cacheObjects', since('cacheDamaged'), { status: 'damaged' });
    meter.count('cacheFetched', since('fetchedBytes'), {});
    before = totals;
    for (const lane of ['small', 'large'] as const) {
      meter.set('queriesRunning', running[lane], { lane });
      meter.set('queriesQueued', waiting[lane], { lane });
    }
    meter.set('spill', spillBytes, {});
  };
}

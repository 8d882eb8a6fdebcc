// Turns what was measured since the last time into lines of the DogStatsD protocol, and the lines into packets.
// https://docs.datadoghq.com/developers/dogstatsd/datagram_shell
import { type HistogramKey, METRICS, type MetricKey } from '../../../schemas/metrics.ts';
import type { Series } from './bounded-series.ts';

/** What an Ethernet frame holds after the headers of IPv6 and UDP, with room for a tunnel's; StatsD's own advice. */
const MAX_PACKET_BYTES = 1432;

const TYPES = { counter: 'c', gauge: 'g', histogram: 'h' } as const;

/** `vpcflow.records` of `vpcflow_records_total`. */
export const statsdName = (metric: MetricKey): string =>
  METRICS[metric].name.replace(/^vpcflow_/, 'vpcflow.').replace(/_total$/, '');

/** `vpcflow.records:12|c|#shard:shardId-000000000000,env:prod` */
export const statsdLine = (metric: MetricKey, { labels, value }: Series, tags: readonly string[]): string => {
  const all = [...Object.entries(labels).map(([name, text]) => `${name}:${text}`), ...tags];
  const end = all.length === 0 ? '' : `|#${all.join()}`;
  return `${statsdName(metric)}:${value}|${TYPES[METRICS[metric].kind]}${end}`;
};

export interface Observation {
  readonly metric: HistogramKey;
  readonly value: number;
  readonly labels: Series['labels'];
}

/** As many whole lines a packet as it holds; a longer line is a packet of its own. */
export const statsdPackets = (lines: readonly string[]): readonly Buffer[] => {
  const packets: string[] = [];
  let packet = '';
  for (const line of lines) {
    const longer = packet === '' ? line : `${packet}\n${line}`;
    if (packet !== '' && Buffer.byteLength(longer) > MAX_PACKET_BYTES) {
      packets.push(packet);
      packet = line;
    } else packet = longer;
  }
  if (packet !== '') packets.push(packet);
  return packets.map((text) => Buffer.from(text));
};

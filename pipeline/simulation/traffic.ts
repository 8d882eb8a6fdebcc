// Turns a second into what the service does in it when nothing is wrong: requests, health checks, scrapes, backups, scanning.
import { ICMP, type Sink, TCP, UDP, type Volume } from './conversation.ts';
import type { Random } from './random.ts';
import {
  APP,
  BALANCERS,
  BALANCERS6,
  CLIENTS,
  CLIENTS6,
  EXPOSED,
  type Host,
  host,
  MONITORED,
  PARTNERS,
  S3,
  SCANNERS,
  WEB,
} from './world.ts';

/** The minute of each hour in which the database is backed up. */
export const BACKUP_MINUTE = 15;
const SCANNED_PORTS = [22, 23, 80, 443, 445, 1433, 2323, 3306, 3389, 5060, 5432, 5900, 6379, 8080, 8443, 9200, 27017];

export const ephemeral = (random: Random): number => random.between(32_768, 60_999);

/** Sizes with a long tail: mostly small, now and then `largest` times as many packets. */
const volume = (random: Random, packets: number, largest: number, size: number): Volume => {
  const many = packets + random.below(1 + (packets * largest) / (1 + random.below(64)));
  return { packets: many, bytes: many * (52 + random.below(size)) };
};

const MEGABYTE = 1_000_000;

const bulk = (random: Random, megabytes: number): Volume => {
  const bytes = megabytes * MEGABYTE + random.below(megabytes * MEGABYTE);
  return { packets: Math.ceil(bytes / 1448), bytes };
};

const request = (random: Random, source: Host, target: Host, targetPort: number, seconds: number, sink: Sink): void =>
  sink({
    ...{ source, target, targetPort, seconds, sourcePort: ephemeral(random), protocol: TCP, verdict: 'accepted' },
    forward: volume(random, 6, 10, 300),
    back: volume(random, 5, 40, 1200),
  });

/** What may happen in the background: its weight, how many records it makes at least, and what it is. */
interface Kind {
  readonly weight: number;
  readonly records: number;
  readonly make: (random: Random, sink: Sink, sshOpen: boolean) => void;
}

const KINDS: readonly Kind[] = [
  { weight: 30, records: 2, make: (r, sink) => request(r, r.pick(CLIENTS), r.pick(BALANCERS), 443, r.below(25), sink) },
  {
    weight: 8,
    records: 2,
    make: (r, sink) => request(r, r.pick(CLIENTS6), r.pick(BALANCERS6), 443, r.below(25), sink),
  },
  { weight: 16, records: 4, make: (r, sink) => request(r, r.pick(BALANCERS), r.pick(WEB), 8080, r.below(12), sink) },
  { weight: 14, records: 4, make: (r, sink) => request(r, r.pick(WEB), r.pick(APP), 9000, r.below(8), sink) },
  { weight: 10, records: 4, make: (r, sink) => request(r, r.pick(APP), host('db-primary'), 5432, r.below(15), sink) },
  { weight: 4, records: 4, make: (r, sink) => request(r, r.pick(APP), host('db-replica'), 5432, r.below(15), sink) },
  { weight: 7, records: 4, make: (r, sink) => request(r, r.pick(APP), host('cache'), 6379, r.below(3), sink) },
  { weight: 3, records: 2, make: (r, sink) => request(r, r.pick(APP), r.pick(S3), 443, r.below(10), sink) },
  {
    weight: 3,
    records: 6,
    make: (r, sink) =>
      sink({
        ...{ source: r.pick(APP), target: r.pick(PARTNERS), sourcePort: ephemeral(r), targetPort: 443 },
        ...{ protocol: TCP, seconds: r.below(20), verdict: 'accepted', natPort: r.between(1024, 65_535) },
        ...{ forward: volume(r, 8, 4, 500), back: volume(r, 7, 10, 900) },
      }),
  },
  {
    weight: 2, // syslog: nothing comes back
    records: 2,
    make: (r, sink) =>
      sink({
        ...{ source: r.pick(MONITORED), target: host('monitor'), sourcePort: ephemeral(r), targetPort: 514 },
        ...{ protocol: UDP, seconds: r.below(5), verdict: 'accepted', forward: volume(r, 2, 6, 400), back: null },
      }),
  },
  {
    weight: 1, // ping
    records: 4,
    make: (r, sink) =>
      sink({
        ...{ source: host('monitor'), target: r.pick(MONITORED), sourcePort: 0, targetPort: 0, protocol: ICMP },
        ...{ seconds: 2, verdict: 'accepted', forward: { packets: 3, bytes: 252 }, back: { packets: 3, bytes: 252 } },
      }),
  },
  { weight: 12, records: 1, make: (r, sink, sshOpen) => scan(r, sink, sshOpen) },
];

/** The internet looks for open ports, all day long, and is turned away, unless a security group lets it in. */
const scan = (random: Random, sink: Sink, sshOpen: boolean): void => {
  const target = random.pick(EXPOSED);
  const targetPort = random.pick(SCANNED_PORTS);
  const isBalancer = BALANCERS.includes(target);
  const open = (isBalancer && targetPort === 443) || (sshOpen && target === host('bastion') && targetPort === 22);
  const packets = random.between(1, 3);
  const to = { source: random.pick(SCANNERS), target, sourcePort: ephemeral(random), targetPort, protocol: TCP };
  if (open) {
    const back = { packets: 2, bytes: 104 };
    sink({ ...to, seconds: 0, verdict: 'accepted', forward: { packets: 3, bytes: 164 }, back });
  } else {
    const forward = { packets, bytes: packets * 44 };
    sink({ ...to, seconds: packets - 1, verdict: 'rejected by target', forward, back: null });
  }
};

/** Each kind as often as it weighs, so that a pick is one random number. */
const WEIGHTED: readonly Kind[] = KINDS.flatMap((kind) => Array<Kind>(kind.weight).fill(kind));

/**
 * What happens by the clock. `scale` is the rate over the default one: below 1 only a share of it happens, so that a
 * slow simulation keeps its mixture.
 */
export const scheduled = (random: Random, second: number, scale: number, sink: Sink): void => {
  const share = Math.min(1, scale);
  BALANCERS.forEach((balancer, b) => {
    WEB.forEach((web, w) => {
      if (second % 10 !== (b * 6 + w) % 10 || !random.chance(share)) return;
      sink({
        ...{ source: balancer, target: web, sourcePort: ephemeral(random), targetPort: 8080, protocol: TCP },
        ...{ seconds: 0, verdict: 'accepted', forward: { packets: 6, bytes: 424 }, back: { packets: 5, bytes: 586 } },
      });
    });
  });
  MONITORED.forEach((target, m) => {
    if (second % 15 === m % 15 && random.chance(share)) request(random, host('monitor'), target, 9100, 1, sink);
  });
  if (Math.floor(second / 60) % 60 !== BACKUP_MINUTE || !random.chance(share)) return;
  const back = { packets: 4000, bytes: 208_000 };
  const copy = { sourcePort: ephemeral(random), protocol: TCP, seconds: 4, verdict: 'accepted' as const, back };
  sink({ ...copy, source: host('db-replica'), target: host('backup'), targetPort: 873, forward: bulk(random, 30) });
  sink({ ...copy, source: host('backup'), target: random.pick(S3), targetPort: 443, forward: bulk(random, 30) });
};

/** Background conversations until about `records` records were made; `made` tells how many there are by now. */
export const background = (random: Random, records: number, sshOpen: boolean, made: () => number, sink: Sink): void => {
  while (made() < records) {
    const kind = random.pick(WEIGHTED);
    const left = records - made();
    // The last one is taken as often as it fits, so that the mean is met at any rate.
    if (left < kind.records && !random.chance(left / kind.records)) return;
    kind.make(random, sink, sshOpen);
  }
};

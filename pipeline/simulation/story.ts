// Turns the seconds since the simulation began into an incident that comes again every twelve minutes: from a brute force
// on SSH through an opened port, a stolen session, a new address and lateral movement to containment.
import { type Sink, TCP, type Verdict } from './conversation.ts';
import type { Random } from './random.ts';
import { ephemeral } from './traffic.ts';
import { type Host, host, outside } from './world.ts';

export const STORY_SECONDS = 720;

/** The scenes, in seconds of the story; `until` is exclusive. */
export const SCENES = {
  bruteForce: { from: 60, until: 300, about: 'one address tries passwords on SSH of the bastion' },
  portOpen: { from: 180, until: 600, about: 'a security group lets the whole internet reach port 22' },
  session: { from: 300, until: 600, about: 'a password fits: a long SSH session with the bastion' },
  beacon: { from: 330, until: 690, about: 'the bastion calls an address that it never talked to' },
  lateral: { from: 390, until: 570, about: 'the bastion knocks at every door of the private subnets' },
  theft: { from: 480, until: 600, about: 'app-2 reads the database and sends it out through the NAT gateway' },
  containment: { from: 600, until: 690, about: 'the port is closed and the bastion quarantined: rejects' },
} as const;

export type Scene = keyof typeof SCENES;

/** Where the story stands; `cycle` counts its repetitions. */
export interface StoryTime {
  readonly cycle: number;
  readonly at: number; // seconds, 0 to 719
}

export const storyTime = (second: number, anchor: number): StoryTime => {
  const since = Math.max(0, second - anchor);
  return { cycle: Math.floor(since / STORY_SECONDS), at: since % STORY_SECONDS };
};

export const isOn = (scene: Scene, { at }: StoryTime): boolean => at >= SCENES[scene].from && at < SCENES[scene].until;

/** Each time it is somebody else. */
export const attacker = (cycle: number): Host => outside(`203.0.113.${10 + ((cycle * 37) % 90)}`);
export const controller = (cycle: number): Host => outside(`198.51.100.${150 + ((cycle * 29) % 50)}`);

/** The instance that the attacker gets hold of first, and the one that he moves on to. */
export const FOOTHOLD = host('bastion');
export const PREY = host('app-2');

const SWEPT_PORTS = [22, 445, 3389, 5432];
const SWEPT_NETWORKS = ['10.0.21.', '10.0.22.', '10.0.31.', '10.0.32.'];
const HOST_BY_ADDRESS: ReadonlyMap<string, Host> = new Map(
  ['app-1', 'app-2', 'app-3', 'app-4', 'app-5', 'app-6', 'db-primary', 'db-replica', 'cache']
    .map(host)
    .map((one) => [one.address, one]),
);

const knock = (random: Random, source: Host, target: Host, targetPort: number, verdict: Verdict, sink: Sink): void => {
  const packets = random.between(1, 3);
  sink({
    ...{ source, target, targetPort, verdict, sourcePort: ephemeral(random), protocol: TCP },
    ...{ seconds: packets - 1, forward: { packets, bytes: packets * 60 }, back: null },
  });
};

/** A connection that is made, tried and closed: one password more. */
const tryPassword = (random: Random, source: Host, sink: Sink): void =>
  sink({
    ...{ source, target: FOOTHOLD, sourcePort: ephemeral(random), targetPort: 22, protocol: TCP },
    ...{ seconds: random.between(1, 4), verdict: 'accepted' },
    ...{
      forward: { packets: 14, bytes: 2_100 + random.below(400) },
      back: { packets: 15, bytes: 3_300 + random.below(400) },
    },
  });

/** Goes on within one connection: neither SYN nor FIN. */
const stream = (
  source: Host,
  target: Host,
  [sourcePort, targetPort]: readonly [number, number],
  [sent, received]: readonly [number, number],
  sink: Sink,
  natPort?: number,
): void =>
  sink({
    ...{ source, target, sourcePort, targetPort, protocol: TCP, seconds: 1, verdict: 'accepted', established: true },
    forward: { packets: Math.ceil(sent / 1400) + 1, bytes: sent },
    back: { packets: Math.ceil(received / 1400) + 1, bytes: received },
    ...(natPort === undefined ? {} : { natPort }),
  });

const sweep = (random: Random, sink: Sink): void => {
  const address = `${random.pick(SWEPT_NETWORKS)}${random.between(10, 20)}`;
  const port = random.pick(SWEPT_PORTS);
  const target = HOST_BY_ADDRESS.get(address) ?? outside(address);
  const open = target === PREY && port === 22;
  // An address that nobody has takes the packets and answers nothing: the one who knocks has let them out.
  const verdict = target.port === null || open ? 'accepted' : 'rejected by target';
  knock(random, FOOTHOLD, target, port, verdict, sink);
};

/** What the incident adds to a second. `scale` is the rate over the default one. */
export const incident = (random: Random, second: number, time: StoryTime, scale: number, sink: Sink): void => {
  const villain = attacker(time.cycle);
  const home = controller(time.cycle);
  const often = (each: number): number => random.times(each * Math.min(scale, 20));
  const every = (seconds: number): boolean => second % seconds === 0;

  if (isOn('bruteForce', time)) {
    for (let i = often(3); i > 0; i--) {
      if (isOn('portOpen', time)) tryPassword(random, villain, sink);
      else knock(random, villain, FOOTHOLD, 22, 'rejected by target', sink);
    }
  }
  if (isOn('session', time) && every(5)) stream(villain, FOOTHOLD, [50_022, 22], [2_000, 24_000], sink);
  if (isOn('beacon', time) && every(10)) {
    if (isOn('containment', time)) knock(random, FOOTHOLD, home, 4444, 'rejected by source', sink);
    else stream(FOOTHOLD, home, [44_044, 4444], [640, 410], sink);
  }
  if (isOn('lateral', time)) for (let i = often(5); i > 0; i--) sweep(random, sink);
  if (isOn('theft', time) && every(2)) {
    stream(FOOTHOLD, PREY, [39_022, 22], [4_000, 9_000], sink);
    stream(PREY, host('db-primary'), [40_432, 5432], [30_000, 3_000_000 + random.below(500_000)], sink);
    stream(PREY, home, [40_443, 443], [2_800_000 + random.below(400_000), 40_000], sink, 61_443);
  }
  if (isOn('containment', time)) {
    for (let i = often(4); i > 0; i--) knock(random, villain, FOOTHOLD, 22, 'rejected by target', sink);
  }
};

// Turns passing time into simulated records, of CloudWatch Logs and of EventBridge: each second's as it is over, for
// whoever puts them on a stream.
import { type Envelope, Subscription } from '../../pipeline/simulation/envelopes.ts';
import { type EventRecord, eventsOf } from '../../pipeline/simulation/findings.ts';
import { SIMULATED } from '../../pipeline/simulation/record.ts';
import { Simulation } from '../../pipeline/simulation/simulation.ts';
import type { Clock } from '../../schemas/clock.ts';

export interface TrafficOptions {
  readonly seed: number;
  readonly rate: number;
  /** Unix seconds: the beginning of the story; the traffic itself begins now. */
  readonly anchor: number;
  /** Unix seconds, exclusive; Infinity: until the signal. */
  readonly stop: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Resolves once the stream has taken them. */
  readonly put: (envelopes: readonly Envelope[]) => Promise<void>;
}

/**
 * Puts records until `stop` or the signal, then what the interfaces still held, so that both witnesses of every
 * conversation have spoken. A stream that is slow makes seconds come late; none is left out.
 */
export const runTraffic = async ({ seed, rate, anchor, stop, clock, signal, put }: TrafficOptions): Promise<void> => {
  const start = Math.floor(clock.now() / 1000);
  const simulation = new Simulation({ seed, start, anchor, rate, format: SIMULATED });
  const subscription = new Subscription(seed, start);
  while (!signal.aborted && simulation.second < stop) {
    const { second } = simulation;
    await clock.sleep(second * 1000 - clock.now(), signal);
    if (signal.aborted) break;
    const envelopes = [...subscription.deliver(second, simulation.next())];
    if (envelopes.length > 0) await put(envelopes);
  }
  await put([...subscription.deliver(simulation.second, simulation.flush())]);
};

/** Puts the events of the story until `stop` or the signal; what happened before now is not told. */
export const runEvents = async ({
  anchor,
  stop,
  clock,
  signal,
  put,
}: Pick<TrafficOptions, 'anchor' | 'stop' | 'clock' | 'signal'> & {
  readonly put: (events: readonly EventRecord[]) => Promise<void>;
}): Promise<void> => {
  for (let second = Math.floor(clock.now() / 1000); second < stop; second++) {
    await clock.sleep(second * 1000 - clock.now(), signal);
    if (signal.aborted) return;
    const events = eventsOf(second, anchor);
    if (events.length > 0) await put(events);
  }
};

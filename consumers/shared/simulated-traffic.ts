// Turns passing time into simulated CloudWatch Logs records on a Kinesis stream: each second's as it is over.
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { type Envelope, Subscription } from '../../pipeline/simulation/envelopes.ts';
import { SIMULATED } from '../../pipeline/simulation/record.ts';
import { Simulation } from '../../pipeline/simulation/simulation.ts';
import type { Clock } from '../../schemas/clock.ts';
import type { StreamIdentity } from './kinesis.ts';
import { putRecords } from './kinesis-writer.ts';

export interface TrafficOptions {
  readonly client: KinesisClient;
  readonly stream: StreamIdentity;
  readonly seed: number;
  readonly rate: number;
  /** Unix seconds: the beginning of the story; the traffic itself begins now. */
  readonly anchor: number;
  /** Unix seconds, exclusive; Infinity: until the signal. */
  readonly stop: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onPut?: (put: { readonly records: number; readonly lines: number; readonly bytes: number }) => void;
}

/**
 * Puts records until `stop` or the signal, then what the interfaces still held, so that both witnesses of every
 * conversation have spoken; resolves when the stream has taken all of it. A stream that is slow makes seconds come late.
 */
export const runTraffic = async (options: TrafficOptions): Promise<void> => {
  const { client, stream, seed, rate, anchor, clock, signal } = options;
  const start = Math.floor(clock.now() / 1000);
  const simulation = new Simulation({ seed, start, anchor, rate, format: SIMULATED });
  const subscription = new Subscription(seed, start);
  const put = async (envelopes: readonly Envelope[]): Promise<void> => {
    if (envelopes.length === 0) return;
    await putRecords(client, stream, envelopes, clock);
    options.onPut?.({
      records: envelopes.length,
      lines: envelopes.reduce((sum, one) => sum + one.lines, 0),
      bytes: envelopes.reduce((sum, one) => sum + one.data.length, 0),
    });
  };
  while (!signal.aborted && simulation.second < options.stop) {
    const { second } = simulation;
    await clock.sleep(second * 1000 - clock.now(), signal);
    if (signal.aborted) break;
    await put([...subscription.deliver(second, simulation.next())]);
  }
  await put([...subscription.deliver(simulation.second, simulation.flush())]);
};

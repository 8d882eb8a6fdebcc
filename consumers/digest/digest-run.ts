// What one run of the digest consumer is made of, whichever engine leases the shards.
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { EpochBounds } from '../../pipeline/epoch/contents.ts';
import type { Clock } from '../../schemas/clock.ts';
import type { Meter } from '../../schemas/metrics.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import type { StreamIdentity } from '../shared/kinesis.ts';
import type { Log } from '../shared/log.ts';
import type { Options } from '../shared/options.ts';
import type { ForwardTarget } from './forward/stager.ts';
import type { DigestObserver } from './observer.ts';

export interface DigestRun {
  readonly options: Options;
  readonly client: KinesisClient;
  readonly stream: StreamIdentity;
  readonly application: string;
  readonly workerId: string;
  readonly store: ObjectStore;
  readonly settings: Settings;
  /** Null: those of the layout. */
  readonly bounds: EpochBounds | null;
  /** Where to begin without a checkpoint. */
  readonly from: 'trim' | 'latest' | { readonly at: number }; // Unix ms
  readonly meter: Meter;
  readonly observer: DigestObserver;
  /** Null: nothing is forwarded. */
  readonly forward: ForwardTarget | null;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

// What one run of a consumer of a Kinesis stream is made of, whichever engine leases the shards.
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { parseTime } from '../../../pipeline/window/window.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { RecordProcessor } from '../../../schemas/processor.ts';
import type { StreamIdentity } from '../kinesis.ts';
import type { Log } from '../log.ts';
import type { Options } from '../options.ts';
import type { ShardRegister } from '../shard-register.ts';

/** Where to begin without a checkpoint: the oldest record, the tip, or a time (Unix ms). */
export type From = 'trim' | 'latest' | { readonly at: number };

export interface StreamRun {
  /** Those of the engine are looked at: its own, --rewind, and where a state directory lies. */
  readonly options: Options;
  readonly client: KinesisClient;
  readonly stream: StreamIdentity;
  readonly application: string;
  readonly workerId: string;
  readonly from: From;
  /** Null: nobody asks whether this stream is complete. */
  readonly register: ShardRegister | null;
  /** One a shard, in this process; of the embedded engine. */
  readonly createProcessor: () => RecordProcessor;
  /** One a shard, in a process of its own; of the engine kcl. It tells the register of its shard's end itself. */
  readonly child: {
    /** With the extension of the consumer that names it, which differs in a package. */
    readonly module: URL;
    /** JSON. */
    readonly configuration: unknown;
  };
  readonly meter: Meter;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** `--from`: trim, latest or a time. Throws VF_BAD_TIME. */
export const startFrom = (text: string, now: number): From =>
  text === 'trim' || text === 'latest' ? text : { at: parseTime(text, now, 'from') };

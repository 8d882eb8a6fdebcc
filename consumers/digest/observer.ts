// What a worker may want to know of its shards: for metrics, a log and a status line.
import type { EpochOutput } from '../../pipeline/epoch/contents.ts';
import type { StreamRecord } from '../../schemas/processor.ts';

/** Told after the fact, in order. Must not throw. */
export interface DigestObserver {
  /** A batch was taken; an empty one too. */
  batch?(batch: {
    readonly shard: string;
    readonly records: readonly StreamRecord[];
    readonly millisBehindLatest: number | null;
  }): void;
  committed(epoch: {
    readonly shard: string;
    readonly output: EpochOutput;
    readonly adopted: boolean;
    readonly flush: number; // ms from the close to the commit
  }): void;
  claimLost?(shard: string): void;
  watermark(shard: string, ms: number): void;
  checkpointFailed(shard: string, error: unknown): void;
  /** The shard is no longer ours: somebody else has its lease, or it is read to its end. */
  released?(shard: string): void;
}

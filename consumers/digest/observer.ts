// What a worker may want to know of its shards: for metrics, a log and a status line.
import type { Counts } from '../../schemas/counts.ts';

/** Told after the fact, in order. Must not throw. */
export interface DigestObserver {
  /** A batch was taken; an empty one too. */
  batch?(batch: {
    readonly shard: string;
    readonly records: number;
    readonly bytes: number;
    readonly millisBehindLatest: number | null;
  }): void;
  committed(epoch: {
    readonly shard: string;
    readonly counts: Counts;
    readonly adopted: boolean;
    readonly rows: number; // of the digest
    readonly bytes: number; // stored
    readonly flush: number; // ms from the close to the commit
  }): void;
  claimLost?(shard: string): void;
  watermark(shard: string, ms: number): void;
  checkpointFailed(shard: string, error: unknown): void;
  /** The shard is no longer ours: somebody else has its lease, or it is read to its end. */
  released?(shard: string): void;
}

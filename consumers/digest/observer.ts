// What a worker may want to know of its shards: for metrics, a log and a status line.
import type { EpochOutput } from '../../pipeline/epoch/contents.ts';
import type { StreamRecord } from '../../schemas/processor.ts';

/** Told in order, and of what is done after the fact. Must not throw. */
export interface DigestObserver {
  /** The shard is ours, and its first batch may come. */
  began?(shard: string): void;
  /** A batch was delivered, an empty one too; what it leads to is told after it, and may take minutes. */
  batch?(batch: {
    readonly shard: string;
    readonly records: readonly StreamRecord[];
    readonly millisBehindLatest: number | null;
    readonly at: number; // Unix ms
  }): void;
  committed(epoch: {
    readonly shard: string;
    readonly output: EpochOutput;
    readonly adopted: boolean;
    readonly flush: number; // ms from the close to the commit
    readonly at: number; // Unix ms
  }): void;
  claimLost?(shard: string): void;
  watermark(shard: string, ms: number): void;
  checkpointFailed(shard: string, error: unknown): void;
  /** The shard is no longer ours: somebody else has its lease, or it is read to its end. */
  released?(shard: string): void;
}

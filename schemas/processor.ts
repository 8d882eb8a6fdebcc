// The seam between whoever leases a shard (the embedded runner, the Kinesis Client Library) and what is done with it.

/** One Kinesis record (a KPL aggregate arrives as several with one sequence number and ascending sub-sequence numbers). */
export interface StreamRecord {
  readonly sequenceNumber: string; // decimal
  readonly subSequenceNumber: number;
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly arrival: number; // approximate arrival, Unix ms
}

/** Valid only inside the callback that it was handed to. Rejects when the checkpoint was not stored. */
export interface Checkpointer {
  /** Stores `sequenceNumber`, or SHARD_END when called without one in `shardEnded`. */
  checkpoint(sequenceNumber?: string): Promise<void>;
}

export interface ShardStart {
  readonly shardId: string;
  /** The checkpoint: a sequence number (read strictly after it), TRIM_HORIZON, LATEST or AT_TIMESTAMP. */
  readonly position: string;
}

export interface Batch {
  readonly records: readonly StreamRecord[];
  /** 0 at the tip; null when the library does not know. */
  readonly millisBehindLatest: number | null;
  readonly checkpointer: Checkpointer;
}

/** One instance a shard. A rejected promise means: end the worker, non-zero, no checkpoint; the records come again. */
export interface RecordProcessor {
  initialize(start: ShardStart): Promise<void>;
  /** Empty batches are delivered too: time passes with them. */
  processRecords(batch: Batch): Promise<void>;
  /** Somebody else has the shard: memory is dropped, nothing is checkpointed. */
  leaseLost(): Promise<void>;
  /** The shard is closed and read to its end: everything is committed, and SHARD_END must be checkpointed. */
  shardEnded(end: { readonly checkpointer: Checkpointer }): Promise<void>;
  /** Last chance to commit and checkpoint. */
  shutdownRequested(request: { readonly checkpointer: Checkpointer }): Promise<void>;
}

/** What can still be read of a shard: asked only when a processor starts past the end of its chain. */
export interface ShardHistory {
  /** The first readable record at or after `sequenceNumber`; null when there is none. */
  firstFrom(sequenceNumber: string): Promise<string | null>;
  /** The first readable record strictly after `sequenceNumber`; null when there is none. */
  firstAfter(sequenceNumber: string): Promise<string | null>;
}

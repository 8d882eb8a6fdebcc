// How far a shard is complete: the arrival time up to which every record is committed, advanced by batches.

/**
 * A batch shows the shard as it was when the library fetched it, and it may have been waiting since. The Kinesis Client
 * Library, polling, works on one, queues three and holds one that the queue has no room for. And one more, because the
 * batch with which a shard ends may be fetched long after its children began: it is the one before it, at the tip and
 * not the end, that was fetched before them.
 */
const PREFETCHED = 6;

export interface WatermarkState {
  /** Unix ms; never moves back. */
  readonly watermark: number;
  /** When the last few batches were done with that were at the tip one after the other, oldest first, ms. */
  readonly received: readonly number[];
}

/**
 * The state after a batch. `uncommittedSince`: the arrival of the first record that is not committed yet (ms, -Infinity
 * while that is not known), or null when every record delivered is. At the tip with none, and
 * since a few batches, the shard is complete up to the moment when the batch before the prefetched ones was done with.
 */
export const advanceWatermark = (
  { watermark, received }: WatermarkState,
  { now, atTip, uncommittedSince }: { now: number; atTip: boolean; uncommittedSince: number | null },
): WatermarkState => {
  const last = atTip ? [...received, now].slice(-PREFETCHED - 1) : [];
  const reached = uncommittedSince ?? (last.length > PREFETCHED ? last[0]! : Number.NEGATIVE_INFINITY);
  return { watermark: Math.max(watermark, reached), received: last };
};

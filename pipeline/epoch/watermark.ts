// How far a shard is complete: the arrival time up to which every record is committed, advanced by batches.

/** Batches that a library may have fetched ahead of the one it delivers. */
const PREFETCHED = 3;

export interface WatermarkState {
  /** Unix ms; never moves back. */
  readonly watermark: number;
  /** When the last few batches were received, oldest first, ms. */
  readonly received: readonly number[];
}

/**
 * The state after a batch. `uncommittedSince`: the arrival of the first record that is not committed yet (ms, -Infinity
 * while that is not known), or null when every record delivered is. At the tip with none, the shard is complete up to
 * the moment when the batch before the prefetched ones was received.
 */
export const advanceWatermark = (
  { watermark, received }: WatermarkState,
  { now, atTip, uncommittedSince }: { now: number; atTip: boolean; uncommittedSince: number | null },
): WatermarkState => {
  const last = [...received, now].slice(-PREFETCHED - 1);
  const reached = uncommittedSince ?? (atTip && last.length > PREFETCHED ? last[0]! : Number.NEGATIVE_INFINITY);
  return { watermark: Math.max(watermark, reached), received: last };
};

// Turns checkpoints that became durable into a metric: what the Client Library's own checkpointer does for its engine.
import type { Meter } from '../../../schemas/metrics.ts';
import type { CheckpointStore } from './checkpoints.ts';

/** The same checkpoints, counted. Where a shard begins is none: nothing is done yet. */
export const countedCheckpoints = (checkpoints: CheckpointStore, meter: Meter): CheckpointStore => ({
  get: (shard) => checkpoints.get(shard),
  put: async (shard, checkpoint) => {
    await checkpoints.put(shard, checkpoint);
    if (checkpoint.kind !== 'start') meter.count('checkpoints', 1, { shard });
  },
});

// Turns checkpoints that became durable into a metric: what the Client Library's own checkpointer does for its engine.
import type { Meter } from '../../../schemas/metrics.ts';
import type { CheckpointStore } from './checkpoints.ts';

/**
 * The same checkpoints, counted. Where a shard begins is none: nothing is done yet. Of those that fail only the end of
 * the shard is counted here: a processor is told of the others, goes on, and says so itself.
 */
export const countedCheckpoints = (checkpoints: CheckpointStore, meter: Meter): CheckpointStore => ({
  get: (shard) => checkpoints.get(shard),
  put: async (shard, checkpoint) => {
    try {
      await checkpoints.put(shard, checkpoint);
    } catch (error) {
      if (checkpoint.kind === 'end') meter.count('checkpointFailures', 1, { shard });
      throw error;
    }
    if (checkpoint.kind !== 'start') meter.count('checkpoints', 1, { shard });
  },
});

// Turns a RecordProcessor, which answers with promises, into what aws-kcl calls, which must complete callbacks.
import type { KclCheckpointedInput, KclComplete, KclInput, KclRecordProcessor } from 'aws-kcl';
import type { Clock } from '../../../../schemas/clock.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { Meter } from '../../../../schemas/metrics.ts';
import type { RecordProcessor } from '../../../../schemas/processor.ts';
import { Checkpoints } from './checkpointer.ts';
import { millisBehindLatest, shardStart, streamRecords } from './wire.ts';

export interface AdapterOptions {
  readonly processor: RecordProcessor;
  readonly beforeShardEnd: (shard: string) => Promise<void>;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Before the processor begins with it. */
  readonly onShard: (shard: string, position: string) => void;
  /** The processor has done all that it can for the shard; the daemon is answered after this. */
  readonly onOver: (how: 'lease-lost' | 'shard-ended' | 'shutdown') => void;
  /** Called once. From then on nothing is answered: the daemon sees the process end in the middle of an action. */
  readonly onFailure: (error: unknown) => void;
}

export interface Adapter {
  /** An object without a function named `shutdown`, which would switch aws-kcl to its first version. */
  readonly kcl: KclRecordProcessor;
  /** The action that is not answered yet. */
  readonly doing: () => keyof RecordProcessor | null;
}

/**
 *     initialize ─> processRecords … ─┬─> shutdownRequested ─> leaseLost
 *                                     ├─> shardEnded
 *                                     └─> leaseLost
 *
 * The daemon sends one action at a time and waits for its status. An action is completed exactly once, when its promise
 * has resolved; never when it was rejected, since a status message cannot say that something failed.
 */
export const adapt = (options: AdapterOptions): Adapter => {
  const { processor, clock, meter, onFailure, onOver } = options;
  let doing: keyof RecordProcessor | null = null;
  let failed = false;
  let checkpoints: Checkpoints | null = null; // from initialize on
  let shard = '';

  const fail = (error: unknown): void => {
    if (failed) return;
    failed = true;
    onFailure(error);
  };

  const run = (action: keyof RecordProcessor, complete: KclComplete, work: () => Promise<void>): void => {
    if (failed) return;
    if (doing !== null) {
      fail(new VpcflowError('VF_ENGINE', `the daemon sent ${action} before ${doing} was answered`));
      return;
    }
    doing = action;
    const act = async (): Promise<void> => {
      await work();
      if (failed) return;
      doing = null;
      complete();
    };
    act().catch(fail);
  };

  const checkpointsFor = (action: string): Checkpoints => {
    if (checkpoints === null) throw new VpcflowError('VF_ENGINE', `the daemon sent ${action} before initialize`);
    return checkpoints;
  };

  const initialize = async (input: KclInput): Promise<void> => {
    const start = shardStart(input);
    shard = start.shardId;
    checkpoints = new Checkpoints({ clock, meter, shard });
    options.onShard(shard, start.position);
    await processor.initialize(start);
  };

  const processRecords = async (input: KclCheckpointedInput): Promise<void> => {
    const behind = millisBehindLatest(input.millisBehindLatest);
    const records = streamRecords(input.records);
    await checkpointsFor('processRecords').during(input.checkpointer, 'within', (checkpointer) =>
      processor.processRecords({ records, millisBehindLatest: behind, checkpointer }),
    );
  };

  /** A status without SHARD_END in the lease table would stall the shard, and its children, for ever. */
  const shardEnded = async (input: KclCheckpointedInput): Promise<void> => {
    const ending = checkpointsFor('shardEnded');
    await options.beforeShardEnd(shard);
    await ending.during(input.checkpointer, 'at-end', (checkpointer) => processor.shardEnded({ checkpointer }));
    if (!ending.ended) throw new VpcflowError('VF_CHECKPOINT_FAILED', `the end of ${shard} was not checkpointed`);
  };

  const shutdownRequested = (input: KclCheckpointedInput): Promise<void> =>
    checkpointsFor('shutdownRequested').during(input.checkpointer, 'within', (checkpointer) =>
      processor.shutdownRequested({ checkpointer }),
    );

  const over = async (how: Parameters<typeof onOver>[0], work: Promise<void>): Promise<void> => {
    await work;
    onOver(how);
  };

  return {
    doing: () => doing,
    kcl: {
      initialize: (input, complete) => run('initialize', complete, () => initialize(input)),
      processRecords: (input, complete) => run('processRecords', complete, () => processRecords(input)),
      leaseLost: (_input, complete) => run('leaseLost', complete, () => over('lease-lost', processor.leaseLost())),
      shardEnded: (input, complete) => run('shardEnded', complete, () => over('shard-ended', shardEnded(input))),
      shutdownRequested: (input, complete) =>
        run('shutdownRequested', complete, () => over('shutdown', shutdownRequested(input))),
    },
  };
};

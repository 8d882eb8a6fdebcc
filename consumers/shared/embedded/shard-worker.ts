// Turns the batches of one shard into calls of its RecordProcessor, and the processor's checkpoints into durable ones.
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Checkpointer, RecordProcessor, StreamRecord } from '../../../schemas/processor.ts';
import type { Checkpoint, CheckpointStore } from './checkpoints.ts';
import type { ShardReader } from './shard-reader.ts';

/** Time must pass for the processor even where no record comes: an empty batch about every second. */
const TIP_POLL_MS = 1_000;
/** Behind the tip: a shard may be read five times a second. */
const CATCH_UP_POLL_MS = 200;

/** What a worker tells about each batch that its processor has taken. */
export interface ShardProgress {
  readonly shard: string;
  readonly records: number;
  readonly lastArrival: number | null; // Unix ms; null without records
  readonly millisBehindLatest: number | null;
}

/** Checkpoints of one shard: valid inside a callback only, never backwards, with the arrival time beside the number. */
class ShardCheckpointer {
  readonly #checkpoints: CheckpointStore;
  readonly #shard: string;
  #arrivals = new Map<string, number>(); // of what was delivered since the last checkpoint
  #last: bigint;
  ended = false;

  constructor(checkpoints: CheckpointStore, shard: string, from: Checkpoint) {
    this.#checkpoints = checkpoints;
    this.#shard = shard;
    this.#last = from.kind === 'after' ? BigInt(from.sequenceNumber) : -1n;
  }

  delivered(records: readonly StreamRecord[]): void {
    for (const record of records) this.#arrivals.set(record.sequenceNumber, record.arrival);
  }

  /** Runs one callback with a checkpointer that is of no use after it. */
  async during(callback: (checkpointer: Checkpointer) => Promise<void>, atEnd: boolean): Promise<void> {
    let open = true;
    try {
      await callback({
        checkpoint: async (sequenceNumber) => {
          if (!open) throw this.#refused('its callback is over');
          await this.#store(sequenceNumber, atEnd);
        },
      });
    } finally {
      open = false;
    }
  }

  async #store(sequenceNumber: string | undefined, atEnd: boolean): Promise<void> {
    if (sequenceNumber === undefined) {
      if (!atEnd) throw this.#refused('only at the end of the shard may the number be left out');
      await this.#checkpoints.put(this.#shard, { kind: 'end' });
      this.ended = true;
      return;
    }
    const value = BigInt(sequenceNumber);
    if (value < this.#last) throw this.#refused(`${sequenceNumber} lies before the last one`);
    const arrival = this.#arrivals.get(sequenceNumber) ?? null;
    await this.#checkpoints.put(this.#shard, { kind: 'after', sequenceNumber, arrival });
    this.#last = value;
    for (const delivered of this.#arrivals.keys()) {
      if (BigInt(delivered) > value) break; // in the order of delivery
      this.#arrivals.delete(delivered);
    }
  }

  #refused(why: string): VpcflowError {
    return new VpcflowError('VF_CHECKPOINT_FAILED', `the checkpoint of ${this.#shard} was refused: ${why}`);
  }
}

export interface ShardWork {
  readonly shard: string;
  readonly from: Exclude<Checkpoint, { kind: 'end' }>;
  readonly checkpoints: CheckpointStore;
  readonly processor: RecordProcessor;
  readonly reader: Pick<ShardReader, 'open' | 'read'>;
  readonly clock: Clock;
  /** Aborted: the processor is asked to shut down after the batch that it has. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ShardProgress) => void;
  /** Makes the shard's children known before it is called ended: from then on they are asked in its place. */
  readonly listChildren: () => Promise<void>;
}

/** What the processor is told: its checkpoint only if reading goes on right there. */
const startPosition = (from: Exclude<Checkpoint, { kind: 'end' }>, opened: 'known' | 'earlier'): string => {
  if (from.kind === 'after') return opened === 'known' ? from.sequenceNumber : 'AT_TIMESTAMP';
  return from.at === null ? 'TRIM_HORIZON' : 'AT_TIMESTAMP';
};

/**
 *     initialize ─> processRecords ─┬─> processRecords …
 *                                   ├─> shardEnded         the shard is read to its end: SHARD_END must be checkpointed
 *                                   └─> shutdownRequested  the signal: a last chance to commit and checkpoint
 *
 * One batch is in flight at a time: a slow processor is asked for nothing more. Resolves to whether the shard's end was
 * reached; rejects with what the processor rejected with, after which nothing more is asked of it or checkpointed.
 */
export const workShard = async (work: ShardWork): Promise<'ended' | 'stopped'> => {
  const { shard, processor, reader, clock, signal } = work;
  const checkpointer = new ShardCheckpointer(work.checkpoints, shard, work.from);
  const opened = await reader.open();
  if (opened === null) return 'stopped'; // before anything began
  await processor.initialize({ shardId: shard, position: startPosition(work.from, opened) });
  while (!signal.aborted) {
    const began = clock.now();
    const batch = await reader.read();
    if (batch === null) break;
    const { records, millisBehindLatest } = batch;
    checkpointer.delivered(records);
    await checkpointer.during(
      (given) => processor.processRecords({ records, millisBehindLatest, checkpointer: given }),
      false,
    );
    work.onProgress({
      shard,
      records: records.length,
      lastArrival: records.at(-1)?.arrival ?? null,
      millisBehindLatest,
    });
    if (batch.ended) {
      await work.listChildren();
      await checkpointer.during((given) => processor.shardEnded({ checkpointer: given }), true);
      if (checkpointer.ended) return 'ended';
      throw new VpcflowError('VF_CHECKPOINT_FAILED', `the end of ${shard} was not checkpointed`);
    }
    const pause = records.length > 0 && millisBehindLatest !== 0 ? CATCH_UP_POLL_MS : TIP_POLL_MS;
    await clock.sleep(pause - (clock.now() - began), signal);
  }
  await checkpointer.during((given) => processor.shutdownRequested({ checkpointer: given }), false);
  return 'stopped';
};

// A RecordProcessor that writes down what it was told, in order, and checkpoints as it is bidden.
import type { Batch, Checkpointer, RecordProcessor, ShardStart } from '../../../../schemas/processor.ts';

/** What all processors of one run were told. */
export class Recording {
  readonly calls: string[] = []; // "initialize shardId-0", "ended shardId-0", …
  readonly texts: string[] = []; // the data of the records, in the order of delivery
  readonly positions = new Map<string, string>();
  batches = 0;
  empty = 0;
  /** Called with each batch before it is checkpointed. */
  onBatch: (batch: Batch) => void | Promise<void> = () => {};
  /** Called when a shard is told to have ended, before that is checkpointed. */
  onEnd: (shard: string) => void = () => {};
  checkpointing = true;

  of(): RecordProcessor {
    return new RecordingProcessor(this);
  }
}

class RecordingProcessor implements RecordProcessor {
  readonly #recording: Recording;
  #shard = '';
  #last: string | null = null;
  #batch: Checkpointer | null = null;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  async initialize({ shardId, position }: ShardStart): Promise<void> {
    this.#shard = shardId;
    this.#recording.positions.set(shardId, position);
    this.#recording.calls.push(`initialize ${shardId}`);
  }

  async processRecords(batch: Batch): Promise<void> {
    this.#recording.batches += 1;
    if (batch.records.length === 0) this.#recording.empty += 1;
    for (const record of batch.records) this.#recording.texts.push(record.data.toString());
    await this.#recording.onBatch(batch);
    this.#batch = batch.checkpointer;
    this.#last = batch.records.at(-1)?.sequenceNumber ?? this.#last;
    if (this.#recording.checkpointing && batch.records.length > 0 && this.#last !== null)
      await batch.checkpointer.checkpoint(this.#last);
  }

  async leaseLost(): Promise<void> {
    this.#recording.calls.push(`lost ${this.#shard}`);
  }

  async shardEnded({ checkpointer }: { readonly checkpointer: Checkpointer }): Promise<void> {
    this.#recording.calls.push(`ended ${this.#shard}`);
    this.#recording.onEnd(this.#shard);
    await checkpointer.checkpoint();
  }

  async shutdownRequested({ checkpointer }: { readonly checkpointer: Checkpointer }): Promise<void> {
    this.#recording.calls.push(`shutdown ${this.#shard}`);
    if (!this.#recording.checkpointing) return;
    // The checkpointer of an earlier callback must be of no use any more.
    if (this.#batch !== null && this.#last !== null)
      await this.#batch.checkpoint(this.#last).then(
        () => this.#recording.calls.push('an old checkpointer worked'),
        () => {},
      );
    if (this.#last !== null) await checkpointer.checkpoint(this.#last);
  }
}

// One shard of the events stream, from records to sessions:
//
//   record -> event -> (ignored: counted, in the audit) -> request -> one turn a batch -> checkpoint
//
// It keeps nothing: what came again is decided again, from EC2's tags and the audit, and asks for nothing more.
import { readMirrorEvent } from '../../../pipeline/mirror-events/event.ts';
import { requestsOf } from '../../../pipeline/mirror-turn/requests.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import { IGNORED_EVENTS, type MirrorEvent } from '../../../schemas/mirroring/events.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { Batch, Checkpointer, RecordProcessor, ShardStart, StreamRecord } from '../../../schemas/processor.ts';
import type { Log } from '../../shared/log.ts';
import type { MirrorWork } from '../turn/work.ts';

export interface MirrorProcessorOptions {
  /** Of the process: all its shards share it. */
  readonly work: Pick<MirrorWork, 'turn'>;
  readonly rules: MirrorRules;
  readonly meter: Meter;
  readonly log: Log;
  /** Aborted, no further call is made: the batch is left, and comes again. Without it a batch is always worked to its end. */
  readonly signal?: AbortSignal;
}

const SHARD_COUNTERS = ['records', 'bytes', 'checkpointFailures'] as const;

export class MirrorProcessor implements RecordProcessor {
  readonly #options: MirrorProcessorOptions;
  readonly #signal: AbortSignal;
  #shard = '';
  #lost = false;

  constructor(options: MirrorProcessorOptions) {
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
  }

  async initialize({ shardId }: ShardStart): Promise<void> {
    this.#shard = shardId;
    const { meter } = this.#options;
    // A counter that appears with its first event has no increase that an alert could see.
    for (const counter of SHARD_COUNTERS) meter.count(counter, 0, { shard: shardId });
    for (const reason of ['finding', 'state', ...Object.keys(IGNORED_EVENTS)])
      meter.count('mirrorEvents', 0, { reason });
  }

  /** Rejects with what the turn does: no checkpoint is stored then, and the records come again. */
  async processRecords({ records, millisBehindLatest, checkpointer }: Batch): Promise<void> {
    const { meter } = this.#options;
    const shard = this.#shard;
    meter.count('records', records.length, { shard });
    meter.count(
      'bytes',
      records.reduce((sum, { data }) => sum + data.length, 0),
      { shard },
    );
    if (millisBehindLatest !== null) meter.set('millisBehindLatest', millisBehindLatest, { shard });
    const last = records.at(-1);
    if (last === undefined || this.#lost) return;
    await this.#work(records);
    if (this.#lost) return;
    await this.#checkpoint(checkpointer, last.sequenceNumber);
  }

  /** What is under way is whole in itself: whoever has the shard now finds its sessions there. */
  async leaseLost(): Promise<void> {
    this.#lost = true;
    this.#options.meter.forget(this.#shard);
  }

  /** Every batch was worked to its end before. */
  async shardEnded({ checkpointer }: { readonly checkpointer: Checkpointer }): Promise<void> {
    if (this.#lost) throw new VpcflowError('VF_LEASE_LOST', `${this.#shard} ended after its lease was lost`);
    await checkpointer.checkpoint();
    this.#options.meter.forget(this.#shard);
  }

  /** Nothing is held back between two batches. */
  async shutdownRequested(): Promise<void> {}

  async #work(records: readonly StreamRecord[]): Promise<void> {
    const { work, rules, meter } = this.#options;
    const events = records.map(({ data, arrival }) => readMirrorEvent(data, arrival));
    for (const event of events) {
      meter.count('mirrorEvents', 1, { reason: event.kind === 'ignored' ? event.reason : event.kind });
      this.#note(event);
    }
    this.#warn(events);
    const { requests, ignored, ended } = requestsOf(events, rules);
    const housekeeping = ended.filter((region) => rules.regions.has(region));
    if (requests.length + ignored.length + housekeeping.length === 0) return;
    await work.turn({ requests, ignored, housekeeping }, this.#signal);
  }

  /** A line a batch: a stream of something else altogether would have one for each record. */
  #warn(events: readonly MirrorEvent[]): void {
    const malformed = events.filter((event) => event.kind === 'ignored').filter(({ reason }) => reason === 'malformed');
    if (malformed.length === 0) return;
    const about = { shard: this.#shard, events: malformed.length, first: malformed[0].detail };
    this.#options.log.warn(about, 'events cannot be read; each is in the audit');
  }

  #note(event: MirrorEvent): void {
    if (event.kind !== 'finding' || event.notes === undefined || event.notes.length === 0) return;
    const about = { shard: this.#shard, finding: event.finding.id, notes: event.notes };
    this.#options.log.warn(about, 'a part of a finding cannot be read, and was not used');
  }

  /** A checkpoint that fails loses nothing: the records come again, and ask for nothing more. */
  async #checkpoint(checkpointer: Checkpointer, sequence: string): Promise<void> {
    const { meter, log } = this.#options;
    try {
      await checkpointer.checkpoint(sequence);
    } catch (error) {
      const shard = this.#shard;
      meter.count('checkpointFailures', 1, { shard });
      log.warn({ shard, error: String(error) }, 'a checkpoint was not stored; nothing is lost, the next one covers it');
      if (error instanceof VpcflowError && error.code === 'VF_LEASE_LOST') await this.leaseLost();
    }
  }
}

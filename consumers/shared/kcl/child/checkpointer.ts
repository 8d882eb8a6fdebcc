// Turns aws-kcl's checkpoint callback into the Checkpointer of a processor: one at a time, tried again when throttled.
import type { KclCheckpointer } from 'aws-kcl';
import type { Clock } from '../../../../schemas/clock.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { Meter } from '../../../../schemas/metrics.ts';
import type { Checkpointer } from '../../../../schemas/processor.ts';

/**
 * Simple names of the exceptions of the library's RecordProcessorCheckpointer that trying again cannot help: the lease
 * is somebody else's; there is no lease table; the number lies before the last checkpoint, or was not delivered. What
 * can pass is left: ThrottlingException, KinesisClientLibDependencyException, and whatever a dependency lets through.
 */
const FINAL: ReadonlySet<string> = new Set(['ShutdownException', 'InvalidStateException', 'IllegalArgumentException']);

const TRIES = 7;
const FIRST_PAUSE = 250; // ms; doubled for each further try, 15.75 s in all
/** Each pause is shorter by up to this share, at random: workers that were throttled together come back apart. */
const SPREAD = 0.5;

/** `at-end` is shardEnded: the only callback in which SHARD_END may be stored, and the only thing stored in it. */
export type CheckpointMoment = 'within' | 'at-end';

export interface CheckpointsOptions {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly shard: string;
  /** In [0, 1); Math.random unless given. */
  readonly random?: () => number;
}

/**
 * Checkpoints of one shard.
 *
 * A checkpoint always has a number: without one the library stores what was *delivered*, durable or not. The number of
 * a KPL aggregate is stored as (number, 0), because aws-kcl cannot send a sub-sequence number. After a restart the
 * library reads from that number on, it included, and removes only what is at or before (number, 0): the records 1, 2,
 * … of the aggregate come again, and the epoch machine skips them, as all that is at or before its chain's end.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #busy: Promise<unknown> = Promise.resolve();
  /** SHARD_END is stored. */
  ended = false;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /**
   * Runs one callback with a checkpointer that is of no use after it. Resolves once no checkpoint is under way: the
   * status message that follows would otherwise come before the answer to it.
   */
  async during(
    kcl: KclCheckpointer,
    moment: CheckpointMoment,
    callback: (checkpointer: Checkpointer) => Promise<void>,
  ): Promise<void> {
    let open = true;
    const checkpoint = (sequenceNumber?: string): Promise<void> => {
      if (!open) return Promise.reject(this.#failed(sequenceNumber, 'its callback is over'));
      const turn = this.#busy.then(() => this.#store(kcl, moment, sequenceNumber));
      this.#busy = turn.catch(() => undefined); // the next one's turn comes all the same
      return turn;
    };
    try {
      await callback({ checkpoint });
    } finally {
      open = false;
    }
    await this.#busy;
  }

  async #store(kcl: KclCheckpointer, moment: CheckpointMoment, sequenceNumber: string | undefined): Promise<void> {
    if (sequenceNumber !== undefined && !/^\d+$/.test(sequenceNumber))
      throw this.#failed(sequenceNumber, 'that is no sequence number');
    if (moment === 'within') {
      if (sequenceNumber === undefined)
        throw this.#failed(sequenceNumber, 'only at the end of the shard may the number be left out');
      await this.#persist(kcl, sequenceNumber);
      return;
    }
    // In shardEnded the library turns the number of the shard's last record into SHARD_END by itself. A child that dies
    // between that and its own SHARD_END would never be asked again, and its shard never be marked as ended in the
    // store: the number waits for SHARD_END, which covers it.
    if (sequenceNumber !== undefined) return;
    await this.#persist(kcl, undefined);
    this.ended = true;
  }

  /**
   * Counts what was stored and tried again, and rejects with VF_CHECKPOINT_FAILED in the end, or with VF_LEASE_LOST.
   * That failure is counted by the processor's observer, which hears of it, except for SHARD_END, of which the process
   * dies.
   */
  async #persist(kcl: KclCheckpointer, sequenceNumber: string | undefined): Promise<void> {
    const { clock, meter, shard, random = Math.random } = this.#options;
    for (let tried = 1; ; tried++) {
      const error = await ask(kcl, sequenceNumber);
      if (error === null) {
        meter.count('checkpoints', 1, { shard });
        return;
      }
      if (FINAL.has(error) || tried === TRIES) {
        if (sequenceNumber === undefined) meter.count('checkpointFailures', 1, { shard });
        throw this.#failed(sequenceNumber, error, tried);
      }
      meter.count('checkpointRetries', 1, { shard });
      await clock.sleep(FIRST_PAUSE * 2 ** (tried - 1) * (1 - SPREAD * random()));
    }
  }

  #failed(sequenceNumber: string | undefined, error: string, tried = 1): VpcflowError {
    const what = `the checkpoint of ${this.#options.shard} at ${sequenceNumber ?? 'SHARD_END'} was not stored: ${error}`;
    if (error === 'ShutdownException') return new VpcflowError('VF_LEASE_LOST', what);
    return new VpcflowError('VF_CHECKPOINT_FAILED', tried === 1 ? what : `${what}, ${tried} times`);
  }
}

/** Sends one checkpoint; resolves to the name of what went wrong, or to null. */
const ask = (kcl: KclCheckpointer, sequenceNumber: string | undefined): Promise<string | null> =>
  new Promise((resolve) => {
    const answered = (error?: string | null): void => resolve(error ?? null);
    if (sequenceNumber === undefined) kcl.checkpoint(answered);
    else kcl.checkpoint(sequenceNumber, answered);
  });

// Turns a Kinesis stream into running RecordProcessors, one a shard, in this process: all shards, parents before children.
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { ShardInfo } from '../../../schemas/chain.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { RecordProcessor } from '../../../schemas/processor.ts';
import type { StreamIdentity } from '../kinesis.ts';
import { listShards } from '../shard-list.ts';
import { planShards } from '../shard-plan.ts';
import type { ShardRegister } from '../shard-register.ts';
import type { Checkpoint, CheckpointStore } from './checkpoints.ts';
import { ShardReader } from './shard-reader.ts';
import { type ShardProgress, workShard } from './shard-worker.ts';

/** How often the stream is asked for shards that a split or merge has made; the end of a shard asks at once. */
const SHARD_SYNC_MS = 5_000;
/** Failures in a row to list the shards after which the stream counts as gone: a minute or more. */
const MAX_FAILURES = 10;

/** Where an application begins that has no checkpoint on the stream: the oldest record, or a time (Unix ms). */
export type StartFrom = { readonly at: number | null };

export interface RunnerOptions {
  readonly client: KinesisClient;
  readonly stream: StreamIdentity;
  /** Null: nobody asks whether this stream is complete. */
  readonly register: ShardRegister | null;
  readonly checkpoints: CheckpointStore;
  readonly from: StartFrom;
  /** Moves every checkpoint back, those of ended shards too: to the oldest record, before anything is read. */
  readonly rewind?: boolean;
  readonly createProcessor: () => RecordProcessor;
  readonly clock: Clock;
  /** Aborted: every processor commits what it has and checkpoints, then the run resolves. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ShardProgress) => void;
  /** Each time that the stream has told its shards and those that may begin have begun. */
  readonly onListed?: () => void;
}

/**
 * Runs until the signal is aborted (resolves) or a processor fails (rejects with its error, once the other shards are
 * shut down; the failed shard is not checkpointed). The register knows of a shard before it is begun.
 */
export const runShards = async (options: RunnerOptions): Promise<void> => {
  const run = new Run(options);
  await run.toEnd();
};

class Run {
  readonly #options: RunnerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #ended = new Set<string>();
  readonly #known = new Map<string, Checkpoint>(); // as of when the shard was first seen
  readonly #failures: unknown[] = [];
  #listFailures = 0;
  #wake = new AbortController();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async toEnd(): Promise<void> {
    const { signal, clock } = this.#options;
    const onAbort = (): void => this.#stop.abort();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    try {
      while (!this.#stop.signal.aborted) {
        await this.#sync();
        await clock.sleep(SHARD_SYNC_MS, AbortSignal.any([this.#stop.signal, this.#wake.signal]));
        if (this.#wake.signal.aborted) this.#wake = new AbortController();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      await Promise.all(this.#running.values());
    }
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  #fail(error: unknown): void {
    this.#failures.push(error);
    this.#stop.abort();
  }

  /** Finds the shards, and starts those that may start now. */
  async #sync(): Promise<void> {
    const listed = await this.#list();
    if (listed === null) return;
    await this.#options.register?.listed(listed);
    await this.#learn(listed.map((info) => info.shard));
    const { start } = planShards(listed, this.#ended, new Set(this.#running.keys()));
    for (const shard of start) {
      const from = this.#known.get(shard);
      if (from !== undefined && from.kind !== 'end') this.#start(shard, from);
    }
    this.#options.onListed?.();
  }

  /** Null when the stream did not answer: the shards that are running run on, and it is asked again. */
  async #list(): Promise<readonly ShardInfo[] | null> {
    const { client, stream } = this.#options;
    try {
      const listed = await listShards(client, stream);
      this.#listFailures = 0;
      return listed;
    } catch (error) {
      this.#listFailures += 1;
      if (this.#listFailures >= MAX_FAILURES) throw error;
      return null;
    }
  }

  /** Loads the checkpoints of shards not seen before; where there is none, fixes where the shard begins. */
  async #learn(shards: readonly string[]): Promise<void> {
    const { checkpoints, from, rewind = false } = this.#options;
    const unseen: string[] = [];
    for (const shard of shards) {
      if (this.#known.has(shard)) continue;
      const checkpoint = rewind ? null : await checkpoints.get(shard);
      if (checkpoint === null) unseen.push(shard);
      else this.#known.set(shard, checkpoint);
      if (checkpoint?.kind === 'end') this.#ended.add(shard);
    }
    // An application that has no checkpoint at all begins where its options say; later shards are read from their first record.
    const at = this.#known.size === 0 && !rewind ? from.at : null;
    for (const shard of unseen) {
      const start: Checkpoint = { kind: 'start', at };
      await checkpoints.put(shard, start);
      this.#known.set(shard, start);
    }
  }

  #start(shard: string, from: Exclude<Checkpoint, { kind: 'end' }>): void {
    const { client, stream, register, clock, checkpoints, createProcessor, onProgress } = this.#options;
    const { signal } = this.#stop;
    const reader = new ShardReader(client, stream, shard, from, clock, signal);
    const work = async (): Promise<void> => {
      try {
        const end = await workShard({
          shard,
          from,
          checkpoints,
          processor: createProcessor(),
          reader,
          clock,
          signal,
          onProgress: onProgress ?? (() => {}),
          listChildren: async () => await register?.ending(shard),
        });
        if (end === 'ended') this.#ended.add(shard);
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#running.delete(shard);
        this.#wake.abort(); // its children may start now
      }
    };
    this.#running.set(shard, work());
  }
}

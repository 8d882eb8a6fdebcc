// Turns a stream of a local Kinesis into an embedded engine: a runner on it, and the stream itself renewed in time.
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { Clock } from '../../../schemas/clock.ts';
import type { RecordProcessor, ShardHistory } from '../../../schemas/processor.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { identifyStream, type StreamIdentity } from '../kinesis.ts';
import { type OutgoingRecord, putRecords } from '../kinesis-writer.ts';
import { shardHistory } from '../shard-history.ts';
import { listShards } from '../shard-list.ts';
import { storedRegister } from '../shard-register.ts';
import type { Checkpoints } from './checkpoints.ts';
import { type LocalKinesis, localClient } from './local-kinesis.ts';
import { ensureStream, renewStream, succeedShards } from './local-stream.ts';
import { runShards } from './runner.ts';
import type { ShardProgress } from './shard-worker.ts';
import { openCheckpoints } from './state-directory.ts';

/** A stream that has a local Kinesis to itself, or shares one with others. */
export interface LocalStream {
  readonly name: string;
  readonly shards: number;
  /** Of its checkpoints. */
  readonly application: string;
  /** Whether a window is complete only when this stream says so, too: its records are rows of windows. */
  readonly isCounted: boolean;
}

export const FLOWS: LocalStream = { name: 'vpcflow', shards: 2, application: 'up', isCounted: true };
export const EVENTS: LocalStream = { name: 'vpcflow-events', shards: 1, application: 'up', isCounted: false };

/**
 * The local Kinesis saves all that it ever held, every few seconds, and never forgets: past this it is renewed, or it
 * would take a core for itself after an hour.
 */
const RENEW_BYTES = 4 * 1024 * 1024;
const RENEW_MS = 2 * 60_000;
/** The longest wait for the stream to be read to its end. */
const READ_MS = 30_000;

export interface LocalEngineOptions {
  /** Stays as it is when the engine ends: others may use it. */
  readonly kinesis: LocalKinesis;
  readonly stream: LocalStream;
  /** `DIR/.vpcflow` */
  readonly state: string;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly createProcessor: (stream: StreamIdentity, history: (shard: string) => ShardHistory) => RecordProcessor;
  readonly renewBytes?: number;
  readonly renewMs?: number;
}

/** What the restored stream held at the start. */
export interface Restored {
  readonly records: number;
  readonly lastArrival: number | null; // Unix ms
}

/** One run of the runner, from a start to a graceful stop. */
interface Session {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** By shard: reads in a row that found nothing, at the tip. */
  readonly idle: Map<string, number>;
  read: number; // records
  lastArrival: number | null; // Unix ms
}

export class LocalEngine {
  readonly #options: LocalEngineOptions;
  readonly #client: KinesisClient;
  readonly #stream: StreamIdentity;
  readonly #checkpoints: Checkpoints;
  #session: Session | null = null;
  #putBytes = 0; // since the stream was last renewed
  #putRecords = 0;
  #renewedAt = 0; // ms
  #turn: Promise<unknown> = Promise.resolve();
  #fail!: (error: unknown) => void;
  /** Rejects when the local Kinesis or a processor fails; never resolves. */
  readonly failed: Promise<never>;

  private constructor(options: LocalEngineOptions, client: KinesisClient, stream: StreamIdentity) {
    this.#options = options;
    this.#client = client;
    this.#stream = stream;
    this.#checkpoints = openCheckpoints(options.state, options.stream.application, stream);
    this.failed = new Promise<never>((_, fail) => {
      this.#fail = fail;
    });
    this.failed.catch(() => {}); // whoever awaits it learns of it; until then it is no unhandled rejection
    void options.kinesis.died.then((error) => this.#fail(error));
  }

  /**
   * Starts on the stream. What a former run left on it is processed first, then the stream is renewed; `restored` is
   * told what was found, null when there was no stream.
   */
  static async start(options: LocalEngineOptions): Promise<{ engine: LocalEngine; restored: Restored | null }> {
    const { kinesis, clock, stream: local } = options;
    const client = localClient(kinesis);
    let engine: LocalEngine | null = null;
    try {
      const existed = await ensureStream(client, local.name, local.shards, clock);
      const stream = await identifyStream(client, local.name);
      engine = new LocalEngine(options, client, stream);
      const restored = existed ? await engine.#finishRest() : null;
      engine.#run();
      return { engine, restored };
    } catch (error) {
      if (engine !== null) await engine.kill();
      else client.destroy();
      throw error;
    }
  }

  /** What a former run left on the stream is committed, however long that takes; then the stream is renewed. */
  async #finishRest(): Promise<Restored> {
    const session = this.#run();
    while (!(await this.#untilRead(session))); // nothing may be put before it is renewed, and nobody else knows of it
    await this.#stop(session);
    await this.#renew();
    return { records: session.read, lastArrival: session.lastArrival };
  }

  /** Puts records on the stream, between two renewals. */
  async put(records: readonly OutgoingRecord[]): Promise<void> {
    await this.#exclusive(async () => {
      await putRecords(this.#client, this.#stream, records, this.#options.clock);
      this.#putRecords += records.length;
      this.#putBytes += records.reduce((sum, record) => sum + record.data.length, 0);
    });
  }

  /** To be called now and then: renews the stream when it has grown old. */
  async maintain(): Promise<void> {
    const { clock, renewBytes = RENEW_BYTES, renewMs = RENEW_MS } = this.#options;
    if (this.#putBytes < renewBytes || clock.now() - this.#renewedAt < renewMs) return;
    await this.#exclusive(async () => {
      const session = this.#session;
      if (session === null) return;
      const isRead = await this.#untilRead(session);
      // Somebody else puts records too, or has changed the shards: then nothing may be deleted.
      if (!isRead || session.read !== this.#putRecords || (await this.#isResharded())) {
        this.#renewedAt = clock.now();
        return;
      }
      await this.#stop(session);
      await this.#renew();
      this.#run();
    });
  }

  /** Processes and commits everything that is on the stream, then ends. Nothing may be put any more. */
  async stop(): Promise<void> {
    await this.#exclusive(async () => {
      const session = this.#session;
      if (session !== null) {
        // What it took in the last seconds is saved nowhere else: however busy the machine is, that is waited for.
        while (!(await this.#untilRead(session)) && session.read < this.#putRecords);
        await this.#stop(session);
      }
    });
    await this.kill();
  }

  /** Ends whatever state things are in. */
  async kill(): Promise<void> {
    this.#session?.stop.abort();
    await this.#session?.done.catch(() => {});
    this.#client.destroy();
  }

  /** One after the other: a put never falls into a renewal. */
  #exclusive(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #run(): Session {
    const { store, clock, createProcessor, stream: local } = this.#options;
    const stop = new AbortController();
    const session: Session = { stop, done: Promise.resolve(), idle: new Map(), read: 0, lastArrival: null };
    const done = runShards({
      ...{ client: this.#client, stream: this.#stream, checkpoints: this.#checkpoints, clock },
      register: local.isCounted ? storedRegister(store, this.#client, this.#stream, clock) : null,
      from: { at: null },
      signal: stop.signal,
      createProcessor: () => createProcessor(this.#stream, (shard) => this.#history(shard)),
      onProgress: (progress) => observe(session, progress),
    });
    done.catch((error: unknown) => this.#fail(error));
    this.#session = Object.assign(session, { done });
    return session;
  }

  async #stop(session: Session): Promise<void> {
    session.stop.abort();
    await session.done;
    this.#session = null;
  }

  async #renew(): Promise<void> {
    const { clock } = this.#options;
    if (await this.#isResharded()) await succeedShards(this.#client, this.#stream.name, clock);
    else await renewStream(this.#client, this.#stream.name, this.#options.stream.shards, clock);
    this.#putBytes = 0;
    this.#putRecords = 0;
    this.#renewedAt = clock.now();
  }

  /** Somebody has split or merged shards: a renewed stream would use names again that have come to their end. */
  async #isResharded(): Promise<boolean> {
    const listed = await listShards(this.#client, this.#stream);
    return listed.length !== this.#options.stream.shards || listed.some(({ closed }) => closed);
  }

  /**
   * Resolves to true when each open shard was found empty twice: the second look has certainly begun after this call.
   * To false when somebody else puts so steadily that this does not happen.
   */
  async #untilRead(session: Session): Promise<boolean> {
    session.idle.clear();
    const { clock } = this.#options;
    for (const deadline = clock.now() + READ_MS; ; ) {
      const listed = await listShards(this.#client, this.#stream);
      const open = listed.filter(({ closed }) => !closed);
      if (open.every(({ shard }) => (session.idle.get(shard) ?? 0) >= 2)) return true;
      await Promise.race([clock.sleep(100), this.failed]);
      if (clock.now() >= deadline) return false;
    }
  }

  /** A renewed stream has forgotten the record that was checkpointed, but nothing between that and its first one. */
  #history(shard: string): ShardHistory {
    const history = shardHistory(this.#client, this.#stream, shard, this.#options.clock);
    return {
      firstAfter: (sequenceNumber) => history.firstAfter(sequenceNumber),
      firstFrom: async (sequenceNumber) => {
        const checkpoint = await this.#checkpoints.get(shard);
        const isLast = checkpoint?.kind === 'after' && checkpoint.sequenceNumber === sequenceNumber;
        return isLast ? sequenceNumber : await history.firstFrom(sequenceNumber);
      },
    };
  }
}

const observe = (session: Session, { shard, records, millisBehindLatest, lastArrival }: ShardProgress): void => {
  session.read += records;
  if (lastArrival !== null) session.lastArrival = Math.max(session.lastArrival ?? 0, lastArrival);
  session.idle.set(shard, records === 0 && millisBehindLatest === 0 ? (session.idle.get(shard) ?? 0) + 1 : 0);
};

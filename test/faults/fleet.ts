// Workers on the shards of a stream, as a leasing library runs them: seeded, interleaved step by step, and made to fail.
import { DigestProcessor } from '../../consumers/digest/processor.ts';
import { recordShards } from '../../consumers/shared/shard-list.ts';
import { withDeadline } from '../../consumers/shared/store/deadline.ts';
import type { EpochBounds } from '../../pipeline/epoch/contents.ts';
import { compareSequences } from '../../pipeline/epoch/sequence.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Checkpointer, StreamRecord } from '../../schemas/processor.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../schemas/settings.ts';
import { MemoryStore, type StoreOperation } from '../fakes/memory-store.ts';
import type { Shard, Streams } from './streams.ts';
import { Watch } from './watch.ts';
import { STREAM } from './world.ts';

const IDENTITY = { name: 'flows', arn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/flows', region: 'eu-west-1' };
/** Batches that lie between the stream and the one being worked on, as the Kinesis Client Library fetches them. */
const FETCHED_AHEAD = 4;

/** What becomes of a store call: refused, done but reported as failed, or never answered. */
export type Outage = 'before' | 'after' | 'hang';

export interface WorkerOptions {
  readonly bounds?: EpochBounds;
  readonly settings?: Settings;
  /** Neither shut down nor told of a lost lease by chance. */
  readonly steady?: boolean;
  /** The store's calls end in time. */
  readonly deadline?: boolean;
  /** Asked before the worker's n-th store call (from 0). */
  readonly outage?: (call: number, operation: StoreOperation, key: string) => Outage | null;
  /** Asked before each checkpoint: refused, or stored though it is reported as refused. */
  readonly checkpoint?: () => 'stored' | 'refused' | 'unanswered';
}

interface Fetched {
  readonly records: readonly StreamRecord[];
  readonly atTip: boolean;
  readonly ended: boolean;
}

interface Worker {
  readonly name: string;
  readonly shard: Shard;
  readonly fetched: Fetched[];
  next: number; // index of the next record to be fetched
  fetchedEnd: boolean;
  /** Its lease is lost and it knows: it must not touch anything any more. */
  retired: boolean;
}

export interface Gate {
  readonly worker: Worker;
  readonly step: string;
  readonly open: () => void;
  readonly hangs: boolean;
}

export class Fleet {
  readonly streams: Streams;
  readonly store = new MemoryStore();
  readonly watch: Watch;
  /** `TRIM_HORIZON`, a sequence number or `SHARD_END`, by shard. */
  readonly checkpoints = new Map<string, string>();
  readonly owners = new Map<string, Worker>();
  /** Codes of what workers ended with. */
  readonly failures: string[] = [];
  /** What ended a worker and must never happen. */
  broken: unknown = null;
  #gates: Gate[] = [];
  #underWay: Gate[] = []; // requests of dead workers that the store may still get
  readonly #live = new Set<Worker>();
  #started = 0;

  constructor(streams: Streams) {
    this.streams = streams;
    this.watch = new Watch(streams, this.store);
  }

  get live(): number {
    return this.#live.size;
  }

  position(shard: Shard): string {
    return this.checkpoints.get(shard.id) ?? 'TRIM_HORIZON';
  }

  /** Shards that may be worked on: not ended, and every parent is. */
  get startable(): readonly Shard[] {
    const ended = (shard: Shard): boolean => this.position(shard) === 'SHARD_END';
    return this.streams.shards.filter((shard) => !ended(shard) && shard.parents.every(ended));
  }

  /** Whether the owner of a shard's lease is alive. */
  isWorkedOn(shard: Shard): boolean {
    const owner = this.owners.get(shard.id);
    return owner !== undefined && this.#live.has(owner);
  }

  /** Takes the lease of a shard, whoever has it; the old owner lives on until it finds out. */
  start(shard: Shard, options: WorkerOptions = {}): void {
    const name = `w${++this.#started}`;
    const worker: Worker = { name, shard, fetched: [], next: 0, fetchedEnd: false, retired: false };
    this.#live.add(worker);
    this.owners.set(shard.id, worker);
    this.#work(worker, options)
      .catch((error: unknown) => {
        const known =
          error instanceof VpcflowError && error.code !== 'VF_CHAIN_BROKEN' && error.code !== 'VF_CHAIN_AHEAD';
        if (known) this.failures.push(error.code);
        else this.broken ??= error;
      })
      .finally(() => this.#end(worker));
  }

  async #work(worker: Worker, options: WorkerOptions): Promise<void> {
    const { shard } = worker;
    const { clock, random } = this.streams;
    const store = this.#storeOf(worker, options);
    const list = async (): Promise<void> => {
      await recordShards(store, { ...IDENTITY, id: STREAM }, this.streams.listed());
    };
    const position = this.position(shard);
    worker.next = this.#indexAfter(shard, position);
    await list();
    const { settings = DEFAULT_SETTINGS, bounds } = options;
    const first = async (holds: (sequence: string) => boolean): Promise<string | null> => {
      await this.#gate(worker, 'probe');
      return shard.records.find(({ sequenceNumber }) => holds(sequenceNumber))?.sequenceNumber ?? null;
    };
    const processor = new DigestProcessor({
      ...{ store, stream: STREAM, settings, workerId: worker.name, clock },
      history: () => ({
        firstFrom: (from) => first((sequence) => compareSequences(sequence, from) >= 0),
        firstAfter: (after) => first((sequence) => compareSequences(sequence, after) > 0),
      }),
      ...(bounds === undefined ? {} : { bounds }),
    });
    await processor.initialize({ shardId: shard.id, position });
    const retire = async (): Promise<void> => {
      worker.retired = true;
      await processor.leaseLost();
      await this.#gate(worker, 'gone');
    };
    for (let delivered = '0'; ; ) {
      await this.#gate(worker, 'read');
      if (!options.steady && this.owners.get(shard.id) !== worker && random() < 0.2) return retire();
      if (worker.fetched.length === 0) this.#fetch(worker);
      const { records, atTip, ended } = worker.fetched.shift()!;
      delivered = records.at(-1)?.sequenceNumber ?? delivered;
      const during = this.#checkpointing(worker, options, delivered);
      await during((checkpointer) =>
        processor.processRecords({ records, millisBehindLatest: atTip ? 0 : 1000, checkpointer }),
      );
      if (ended) {
        await list();
        return during((checkpointer) => processor.shardEnded({ checkpointer }));
      }
      if (!options.steady && random() < 0.03) {
        await during((checkpointer) => processor.shutdownRequested({ checkpointer }));
        return retire();
      }
    }
  }

  #storeOf(worker: Worker, { outage, deadline }: WorkerOptions): MemoryStore | ReturnType<typeof withDeadline> {
    let calls = 0;
    const failed = (key: string): VpcflowError => new VpcflowError('VF_STORE_UNREACHABLE', `${key}: it is away`);
    const reported = new Set<string>(); // effects that the worker will not hear of
    const store = this.store.client({
      beforeEach: async (operation, key) => {
        const fate = outage?.(calls++, operation, key) ?? null;
        await this.#gate(worker, `before ${operation} ${key}`, fate === 'hang');
        if (fate === 'before') throw failed(key);
        if (fate === 'after') reported.add(`${operation} ${key}`);
      },
      afterEach: async (operation, key) => {
        try {
          if (operation === 'put') this.watch.stored(key);
        } catch (error) {
          this.broken ??= error;
        }
        await this.#gate(worker, `after ${operation} ${key}`);
        if (reported.delete(`${operation} ${key}`)) throw failed(key);
      },
    });
    return deadline ? withDeadline(store, this.streams.clock) : store;
  }

  /** Calls back with a checkpointer that is valid meanwhile and takes nothing that was not delivered. */
  #checkpointing(worker: Worker, { checkpoint: fate }: WorkerOptions, delivered: string) {
    const { shard } = worker;
    return async (callback: (checkpointer: Checkpointer) => Promise<void>): Promise<void> => {
      let open = true;
      const checkpoint = async (sequence?: string): Promise<void> => {
        await this.#gate(worker, `checkpoint ${sequence ?? 'SHARD_END'}`);
        if (!open) throw new Error('a checkpoint after the callback');
        if (sequence !== undefined && compareSequences(sequence, delivered) > 0) throw new Error('not delivered yet');
        // Told that its lease is lost it stops; not told it goes on, and writes beside the owner.
        if (this.owners.get(shard.id) !== worker) {
          const told = this.streams.random() < 0.5;
          throw new VpcflowError(told ? 'VF_LEASE_LOST' : 'VF_CHECKPOINT_FAILED', 'it was not stored');
        }
        const outcome = fate?.() ?? 'stored';
        if (outcome !== 'refused') {
          this.watch.checkpointed(shard, sequence);
          this.checkpoints.set(shard.id, sequence ?? 'SHARD_END');
        }
        if (outcome !== 'stored') throw new VpcflowError('VF_CHECKPOINT_FAILED', 'it was throttled');
      };
      await callback({ checkpoint });
      open = false;
    };
  }

  /** A checkpoint has no sub-sequence number: the rest of its aggregate comes again. */
  #indexAfter({ records }: Shard, position: string): number {
    if (!/^\d/.test(position)) return 0;
    const index = records.findIndex(
      ({ sequenceNumber: at, subSequenceNumber: sub }) =>
        compareSequences(at, position) > 0 || (at === position && sub > 0),
    );
    return index < 0 ? records.length : index;
  }

  /** Asks the stream for a batch; aggregates come whole. */
  #fetch(worker: Worker): void {
    const { shard, next } = worker;
    let to = Math.min(shard.records.length, next + 1 + Math.floor(this.streams.random() * 8));
    while (to > 0 && shard.records[to]?.sequenceNumber === shard.records[to - 1]?.sequenceNumber) to++;
    worker.next = to;
    const atTip = to === shard.records.length;
    worker.fetchedEnd = atTip && shard.closed;
    worker.fetched.push({ records: shard.records.slice(next, to), atTip, ended: worker.fetchedEnd });
  }

  #gate(worker: Worker, step: string, hangs = false): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#live.has(worker)) return; // its process is gone: nothing after this runs
      if (worker.retired && !/^(gone|read|after)/.test(step)) this.broken ??= new Error(`${step} after leaseLost`);
      this.#gates.push({ worker, step, open: resolve, hangs });
    });
  }

  /** A dead worker does nothing more; but requests that it has sent may still arrive. */
  #end(worker: Worker): void {
    this.#live.delete(worker);
    const sent = this.#gates.filter((gate) => gate.worker === worker && gate.step.startsWith('before'));
    this.#underWay.push(...sent.filter(() => this.streams.random() < 0.5));
    this.#gates = this.#gates.filter((gate) => gate.worker !== worker);
  }

  /** Kills a worker where it stands. */
  kill(worker: Worker): void {
    this.#end(worker);
  }

  killAll(): void {
    for (const worker of [...this.#live]) this.#end(worker);
  }

  /** Lets one worker through its gate (or none: null), and waits until every worker stands at one again. */
  async step(choose?: (gates: readonly Gate[]) => Gate | null): Promise<void> {
    const { random, clock } = this.streams;
    await this.settle();
    await clock.advance(Math.floor(random() * 400));
    for (const worker of this.#live) {
      if (!worker.fetchedEnd && worker.fetched.length < FETCHED_AHEAD && random() < 0.3) this.#fetch(worker);
    }
    if (this.#underWay.length > 0 && random() < 0.1) this.#underWay.shift()!.open();
    const ready = this.#gates.filter((gate) => !gate.hangs);
    const gate = ready.length === 0 ? null : choose === undefined ? this.streams.pick(ready) : choose(ready);
    if (gate !== null) {
      this.#gates = this.#gates.filter((other) => other !== gate);
      gate.open();
    }
    await this.settle();
    if (this.broken !== null) throw this.broken;
  }

  /** Turns pass until every live worker stands at a gate and nothing new comes: workers wait for nothing else. */
  async settle(): Promise<void> {
    for (let quiet = 0, before = -1; quiet < 2; ) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = this.#gates.length + this.#live.size * 1000;
      const waiting = new Set(this.#gates.map((gate) => gate.worker));
      quiet = now === before && waiting.size === this.#live.size ? quiet + 1 : 0;
      before = now;
    }
  }
}

// A shard, a store and any number of workers that a seeded scheduler interleaves, kills and resurrects step by step.
import { gzipSync } from 'node:zlib';
import { DigestProcessor } from '../../consumers/digest/processor.ts';
import type { EpochBounds } from '../../pipeline/epoch/contents.ts';
import { compareSequences } from '../../pipeline/epoch/sequence.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { StreamRecord } from '../../schemas/processor.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../schemas/settings.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryStore } from '../fakes/memory-store.ts';

export const STREAM = '123456789012.eu-west-1.flows';
export const SHARD = 'shardId-000000000000';
export const RETENTION = 24 * 3_600_000; // ms
const START = Date.UTC(2026, 10, 20, 5, 0, 30);
const BASE = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;

/** Random numbers that a seed fixes (mulberry32). */
export const random = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Record `n` carries one flow whose source address no other record has; a duplicate carries that of its original. */
export const addressOf = (n: number): string => `10.1.${n >> 8}.${n & 255}`;

/** One envelope of one flow; `start` is the flow's, in seconds. */
export const envelope = (n: number, start: number): Buffer => {
  const line = `2 123456789012 eni-0a ${addressOf(n)} 10.2.0.1 40000 443 6 3 ${100 + n} ${start} ${start + 10} ACCEPT OK`;
  const id = (BigInt(start * 1000) << 144n) + BigInt(n);
  return gzipSync(
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner: '123456789012',
      logGroup: 'flows',
      logStream: 'eni-0a-all',
      subscriptionFilters: ['f'],
      logEvents: [{ id: String(id), timestamp: start * 1000, message: line }],
    }),
  );
};

export interface WorldOptions {
  readonly seed: number;
  readonly records: number;
  /** Share of the records that are redelivered envelopes. */
  readonly duplicates?: number;
}

/** Thrown inside a worker whose host is gone: nothing after it runs. */
class Killed extends Error {}

interface Gate {
  readonly worker: string;
  readonly step: string;
  readonly open: () => void;
  readonly kill: () => void;
}

export class World {
  readonly random: () => number;
  readonly clock = new ManualClock(START);
  readonly store = new MemoryStore();
  readonly records: StreamRecord[] = [];
  /** Original of each record: itself, or the record whose envelope it delivers again. */
  readonly originals: number[] = [];
  /** Records that the stream itself has lost. */
  readonly lost = new Set<StreamRecord>();
  visible = 0;
  checkpoint = 'TRIM_HORIZON';
  owner = '';
  readonly failures: string[] = [];
  readonly messages: string[] = [];
  #gates: Gate[] = [];
  #live = new Set<string>();
  readonly #killed = new Set<string>();
  #workers = 0;

  constructor({ seed, records, duplicates = 0 }: WorldOptions) {
    this.random = random(seed);
    let arrival = START;
    for (let n = 0; n < records; n++) {
      arrival += this.random() < 0.3 ? 61_000 * this.random() : 500;
      const again = n > 0 && this.random() < duplicates;
      const original = again ? this.originals[Math.floor(this.random() * n)]! : n;
      this.originals.push(original);
      this.records.push({
        sequenceNumber: String(BASE + BigInt(n) * 7n),
        subSequenceNumber: 0,
        partitionKey: 'p',
        data: again ? this.records[original]!.data : envelope(n, Math.floor(arrival / 1000) - 30),
        arrival: Math.floor(arrival),
      });
    }
  }

  get live(): number {
    return this.#live.size;
  }

  /** The next records become readable and the clock stands at the last of them. */
  show(count: number): void {
    this.visible = Math.min(this.records.length, this.visible + count);
    const last = this.records[this.visible - 1];
    if (last !== undefined) this.advanceTo(last.arrival);
  }

  /** The stream forgets its last records, as a local Kinesis does that is killed between two snapshots. */
  lose(count: number): void {
    for (const record of this.records.slice(0, this.visible).slice(-count)) this.lost.add(record);
  }

  advanceTo(now: number): void {
    if (now > this.clock.now()) this.clock.advance(now - this.clock.now());
  }

  /** What a reader after `position` gets. */
  readable(): readonly StreamRecord[] {
    const oldest = this.clock.now() - RETENTION;
    return this.records.slice(0, this.visible).filter((r) => r.arrival >= oldest && !this.lost.has(r));
  }

  #after(position: string): readonly StreamRecord[] {
    if (!/^\d/.test(position)) return this.readable();
    return this.readable().filter((record) => compareSequences(record.sequenceNumber, position) > 0);
  }

  /** Starts a worker; it stops at a gate before and after each step that others can see. */
  start(
    options: { readonly bounds?: EpochBounds; readonly settings?: Settings; readonly steady?: boolean } = {},
  ): string {
    const worker = `w${++this.#workers}`;
    this.#live.add(worker);
    void this.#work(worker, options)
      .catch((error: unknown) => {
        if (error instanceof Killed) return;
        this.messages.push(String(error));
        this.failures.push(error instanceof VpcflowError ? error.code : String(error));
        if (error instanceof VpcflowError && error.code === 'VF_CHAIN_AHEAD') this.checkpoint = 'TRIM_HORIZON';
        else if (!(error instanceof VpcflowError)) throw error;
      })
      .finally(() => this.#live.delete(worker));
    return worker;
  }

  async #work(
    worker: string,
    { bounds, settings, steady = false }: { bounds?: EpochBounds; settings?: Settings; steady?: boolean },
  ): Promise<void> {
    const gate = (step: string): Promise<void> => this.#gate(worker, step);
    const store = this.store.client({
      beforeEach: (operation, key) => gate(`before ${operation} ${key}`),
      afterEach: (operation, key) => gate(`after ${operation} ${key}`),
    });
    this.owner = worker;
    const position = this.checkpoint;
    const first = async (records: readonly StreamRecord[]): Promise<string | null> => {
      await gate('probe');
      return records[0]?.sequenceNumber ?? null;
    };
    const processor = new DigestProcessor({
      store,
      stream: STREAM,
      settings: settings ?? DEFAULT_SETTINGS,
      workerId: worker,
      clock: this.clock,
      history: () => ({
        firstFrom: (s) => first(this.readable().filter((r) => compareSequences(r.sequenceNumber, s) >= 0)),
        firstAfter: (s) => first(this.#after(s)),
      }),
      ...(bounds === undefined ? {} : { bounds }),
    });
    const checkpointer = {
      checkpoint: async (sequence?: string): Promise<void> => {
        await gate(`checkpoint ${sequence}`);
        // Told that its lease is lost it stops; not told it goes on, and writes beside the owner.
        if (this.owner !== worker) {
          throw new VpcflowError(this.random() < 0.5 ? 'VF_LEASE_LOST' : 'VF_CHECKPOINT_FAILED', 'it was not stored');
        }
        this.checkpoint = sequence ?? 'SHARD_END';
      },
    };
    await processor.initialize({ shardId: SHARD, position });
    for (let cursor = position; ; ) {
      await gate('read');
      const ahead = this.#after(cursor);
      const records = ahead.slice(0, 1 + Math.floor(this.random() * 8));
      cursor = records.at(-1)?.sequenceNumber ?? cursor;
      const atTip = records.length === ahead.length;
      await processor.processRecords({ records, millisBehindLatest: atTip ? 0 : 1000, checkpointer });
      if (!steady && this.random() < 0.03) {
        await processor.shutdownRequested({ checkpointer });
        return;
      }
    }
  }

  #gate(worker: string, step: string): Promise<void> {
    // What goes on after an error (a checkpoint that was not stored is none) ends at its next step all the same.
    if (this.#killed.has(worker)) return Promise.reject(new Killed(step));
    return new Promise((resolve, reject) => {
      this.#gates.push({
        worker,
        step,
        open: resolve,
        kill: () => {
          this.#killed.add(worker);
          reject(new Killed(step));
        },
      });
    });
  }

  /** Lets one worker go through its gate (or kills it there), and waits until every worker stands at a gate again. */
  async step(choose: (gates: readonly Gate[]) => { readonly gate: Gate; readonly kill: boolean }): Promise<void> {
    await this.#settle();
    if (this.#gates.length === 0) return;
    const { gate, kill } = choose(this.#gates);
    if (kill) {
      for (const other of this.#gates) if (other.worker === gate.worker) other.kill();
      this.#gates = this.#gates.filter((other) => other.worker !== gate.worker);
    } else {
      this.#gates = this.#gates.filter((other) => other !== gate);
      gate.open();
    }
    await this.#settle();
  }

  /** Kills every worker where it stands. */
  async killAll(): Promise<void> {
    await this.#settle();
    for (const gate of this.#gates) gate.kill();
    this.#gates = [];
    await this.#settle();
  }

  /** Turns pass until every live worker stands at a gate and nothing new comes: workers wait for nothing else. */
  async #settle(): Promise<void> {
    for (let quiet = 0, before = -1; quiet < 2; ) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = this.#gates.length + this.#live.size * 1000;
      const waiting = new Set(this.#gates.map((gate) => gate.worker));
      quiet = now === before && waiting.size === this.#live.size ? quiet + 1 : 0;
      before = now;
    }
  }

  /** One worker that nothing disturbs reads what is left, until the chain covers every record. */
  async finish(): Promise<void> {
    await this.killAll();
    this.show(this.records.length);
    this.advanceTo(this.clock.now() + 120_000);
    for (let lives = 0; lives < 20; lives++) {
      this.start({ steady: true });
      for (let steps = 0, reads = 0; this.#live.size > 0 && reads < this.records.length + 5; steps++) {
        if (steps > 100_000) throw new Error('the last worker does not end');
        await this.step((gates) => {
          if (gates[0]!.step === 'read') reads++;
          return { gate: gates[0]!, kill: false };
        });
      }
      const done = this.#live.size > 0;
      await this.killAll();
      if (done) return;
    }
    throw new Error(`no worker survives: ${this.failures.slice(-3).join(', ')}`);
  }
}

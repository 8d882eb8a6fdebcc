// Turns what a process forwards into entries of the spool, and what finds no room there into a count and a warning.
import { type ForwardWhat, forwarded } from '../../../pipeline/forward/entry.ts';
import { formatTime } from '../../../pipeline/window/window.ts';
import type { ArrivalSpan } from '../../../schemas/chain.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Log } from '../log.ts';
import type { ForwardedBatch, Forwarder, StagedBatch } from './forwarder.ts';
import { type Entry, isMissing, Spool, totalBytes } from './spool.ts';

/** What is dropped sooner after a warning is added up. */
const INTERVAL = 60_000; // ms

/** How long it counts what other processes stage and send as it was. */
const FRESH = 1000; // ms

const NOTHING: StagedBatch = { release: async () => {}, discard: async () => {} };

/** Where and what a worker forwards; JSON, for its children. */
export interface ForwardTarget {
  readonly directory: string;
  readonly limit: number; // bytes that may wait
  readonly what: ForwardWhat;
}

interface Dropped {
  readonly rows: number;
  readonly from: number; // Unix ms, arrival
  readonly to: number;
}

/**
 * One for each process of a worker. Nothing that it does rejects: whoever forwards goes on when nothing can be, and what
 * is lost to the stream is counted (rows) and warned of, once a minute at most.
 */
export class Stager implements Forwarder {
  readonly #target: ForwardTarget;
  readonly #spool: Spool;
  readonly #meter: Meter;
  readonly #log: Log;
  readonly #clock: Clock;
  #dropped: Dropped | null = null; // since the last warning
  #warned = Number.NEGATIVE_INFINITY; // Unix ms
  #why = '';
  #waiting = 0; // bytes, when it was listed and by what this process staged since
  #listed = Number.NEGATIVE_INFINITY; // Unix ms

  constructor(
    target: ForwardTarget,
    { meter, log, clock }: { readonly meter: Meter; readonly log: Log; readonly clock: Clock },
  ) {
    this.#target = target;
    this.#spool = new Spool(target.directory);
    this.#meter = meter;
    this.#log = log;
    this.#clock = clock;
  }

  async stage(batch: ForwardedBatch): Promise<StagedBatch> {
    this.#warnWhenDue();
    const objects = forwarded(batch.output.objects, this.#target.what);
    if (objects.length === 0) return NOTHING;
    const rows = objects.reduce((sum, object) => sum + object.rows, 0);
    try {
      const bytes = totalBytes(objects);
      if (!(await this.#hasRoom(bytes))) {
        this.#drop(rows, batch.arrival, `${this.#waiting} of ${this.#target.limit} bytes are taken`);
        return NOTHING;
      }
      this.#waiting += bytes;
      const entry = await this.#spool.stage(batch.source, batch.commit, objects, this.#clock.now());
      return { release: () => this.#release(entry, batch, rows), discard: () => this.#discard(entry) };
    } catch (error) {
      this.#drop(rows, batch.arrival, String(error));
      return NOTHING;
    }
  }

  /** The directory may hold tens of thousands of files: it is listed once a second, and before anything is dropped. */
  async #hasRoom(bytes: number): Promise<boolean> {
    const now = this.#clock.now();
    if (now - this.#listed >= FRESH || this.#waiting + bytes > this.#target.limit) {
      this.#waiting = (await this.#spool.list()).reduce((sum, entry) => sum + entry.bytes, 0);
      this.#listed = now;
    }
    return this.#waiting + bytes <= this.#target.limit;
  }

  /** The last word on what was dropped. */
  close(): void {
    this.#warn(this.#clock.now());
  }

  async #release(entry: Entry, batch: ForwardedBatch, rows: number): Promise<void> {
    try {
      await this.#spool.move(entry, 'ready');
    } catch (error) {
      if (isMissing(error)) await this.#releaseAnew(batch, rows);
      // It stays staged, and whoever sends sees to it once the commit is found.
      else this.#log.warn({ entry: entry.name, error: String(error) }, 'what is committed will be forwarded later');
    }
  }

  /** The process stood still for so long that its entry was given up, or it was found to be committed, and is sent. */
  async #releaseAnew({ source, commit, arrival, output }: ForwardedBatch, rows: number): Promise<void> {
    try {
      const objects = forwarded(output.objects, this.#target.what);
      await this.#spool.move(await this.#spool.stage(source, commit, objects, this.#clock.now()), 'ready');
    } catch (error) {
      this.#drop(rows, arrival, String(error));
    }
  }

  async #discard(entry: Entry): Promise<void> {
    await this.#spool.remove(entry).catch(() => {}); // it is staged without a commit, and will be found
  }

  #drop(rows: number, { min, max }: ArrivalSpan, why: string): void {
    this.#meter.count('forwardDropped', rows, {});
    const { rows: before, from, to } = this.#dropped ?? { rows: 0, from: min, to: max };
    this.#dropped = { rows: before + rows, from: Math.min(from, min), to: Math.max(to, max) };
    this.#why = why;
    this.#warnWhenDue();
  }

  #warnWhenDue(): void {
    const now = this.#clock.now();
    if (now - this.#warned >= INTERVAL) this.#warn(now);
  }

  #warn(now: number): void {
    if (this.#dropped === null) return;
    const { rows, from, to } = this.#dropped;
    this.#log.warn(
      { rows, from: formatTime(from), to: formatTime(to), spool: this.#target.directory, why: this.#why },
      'committed, and not forwarded: the spool is full or cannot be written. What arrived in this time is in the store only',
    );
    this.#dropped = null;
    this.#warned = now;
  }
}

// Holds the marker of one job in the store while the job runs, and notices when another server has taken it over.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { markerBytes } from '../../../pipeline/predecessor/job-plan.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';

/** Refreshes within one timeout: two may fail before another server thinks that this one is dead. */
const REFRESHES = 3;

/** Between attempts to remove a marker, each twice as long as the one before: a minute in all. */
const FIRST_PAUSE = 1000; // ms
const LAST_PAUSE = 32_000; // ms

export interface MarkerPlace {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly key: string;
  /** After this time without a refresh another server may take over, ms. */
  readonly timeout: number;
}

/** Ours from `claim` to `release`, unless `lost` aborts. */
export class JobMarker {
  readonly #place: MarkerPlace;
  readonly #job: string;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #tag: string;
  /** Writes of the marker follow one another: each needs the tag of the one before. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(place: MarkerPlace, job: string, tag: string) {
    this.#place = place;
    this.#job = job;
    this.#tag = tag;
    void this.#keep();
  }

  /** Over an abandoned marker (its tag), or where there is none (null). null: another server was quicker. */
  static async claim(place: MarkerPlace, over: string | null): Promise<JobMarker | null> {
    const job = randomUUID();
    const condition = over === null ? ({ ifAbsent: true } as const) : { ifMatch: over };
    const put = await place.store.put(place.key, bytes(place.clock, job), condition);
    return put.outcome === 'stored' ? new JobMarker(place, job, put.tag) : null;
  }

  /** Aborts with VF_CLAIM_LOST once the marker is not ours any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Resolves when the marker was ours just now. Rejects with VF_CLAIM_LOST, or VF_STORE_* where that is not known. */
  confirm(): Promise<void> {
    const done = this.#writing.then(() => this.#refresh());
    this.#writing = done.catch(() => undefined);
    return done;
  }

  /**
   * Removes the marker, if it is still ours; in a store that does not answer some times, until `stopping` aborts. Rejects
   * with VF_STORE_*: then it stays until its time is over.
   */
  async release(stopping?: AbortSignal): Promise<void> {
    this.#released.abort();
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      try {
        if (this.#lost.signal.aborted) return;
        await this.confirm();
        await this.#place.store.remove(this.#place.key);
        return;
      } catch (error) {
        if (this.#lost.signal.aborted) return;
        if (stopping === undefined || stopping.aborted || pause > LAST_PAUSE) throw error;
        await this.#place.clock.sleep(pause, stopping);
      }
    }
  }

  async #keep(): Promise<void> {
    const { clock, timeout } = this.#place;
    const ended = AbortSignal.any([this.#released.signal, this.#lost.signal]);
    for (;;) {
      await clock.sleep(timeout / REFRESHES, ended);
      if (ended.aborted) return;
      await this.confirm().catch(() => undefined); // a store that does not answer may answer the next time
    }
  }

  async #refresh(): Promise<void> {
    this.#lost.signal.throwIfAborted();
    const { store, clock, key } = this.#place;
    const put = await store.put(key, bytes(clock, this.#job), { ifMatch: this.#tag });
    if (put.outcome === 'stored') {
      this.#tag = put.tag;
      return;
    }
    const error = new VpcflowError('VF_CLAIM_LOST', 'another server has taken the job over', {
      help: 'nothing is to be done; if it happens again and again, raise --job-timeout',
    });
    this.#lost.abort(error);
    throw error;
  }
}

const bytes = (clock: Clock, job: string): Buffer =>
  markerBytes({ owner: `${hostname()}:${process.pid}`, job, time: clock.now() });

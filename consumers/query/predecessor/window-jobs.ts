// Runs the jobs of the predecessors' API: one for each window at a time among all servers of a store, a few at once here.

import type { FastifyBaseLogger } from 'fastify';
import { planJob, type WindowState } from '../../../pipeline/predecessor/job-plan.ts';
import { markerKey, type ResultKind, resultKey, windowId } from '../../../pipeline/predecessor/window-id.ts';
import { formatTime } from '../../../pipeline/window/window.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Window } from '../../../schemas/query.ts';
import { Gate } from '../../shared/gate.ts';
import type { QueryService } from '../../shared/query/service.ts';
import { JobMarker } from './job-marker.ts';
import { produce } from './produce.ts';
import { hasResult, readResult, type StoredResult, type Wanted, windowState, writeResult } from './window-results.ts';

export interface WindowJobsOptions {
  readonly query: QueryService;
  readonly meter: Meter;
  readonly log: FastifyBaseLogger;
  /** After this time without a sign of life a job may be taken over, ms. */
  readonly timeout: number;
  /** Aborted when the server gives up what still runs. */
  readonly stopping: AbortSignal;
}

/** Jobs that run at once: each holds its result, and a thread of the engine. */
const JOBS_AT_ONCE = 2;
/** Jobs that a server takes, those that wait included. */
const MAX_JOBS = 200;

/** `wait`: a job for the window is under way. `nothing`: its result is there. Otherwise the job that was begun. */
export type Begun = 'wait' | 'nothing' | { readonly done: Promise<void> };

export class WindowJobs {
  readonly #options: WindowJobsOptions;
  readonly #gate = new Gate(JOBS_AT_ONCE);
  /** By id; `done` rejects when the job fails. */
  readonly #jobs = new Map<string, Promise<void>>();
  /** Markers that could not be removed at once. */
  readonly #releasing = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: WindowJobsOptions) {
    this.#options = options;
  }

  /** The result; `wait` while it is being made; null: there is none. */
  async result(kind: ResultKind, window: Window): Promise<StoredResult | 'wait' | null> {
    const { query, timeout } = this.#options;
    const wanted = wantedOf(kind, window);
    // The marker first: it is removed after the result was written.
    const marker = await query.store.get(markerKey(wanted.id));
    if (planJob(marker, false, query.clock.now(), timeout).does === 'wait') return 'wait';
    return readResult(query.store, wanted);
  }

  /** Begins a job, unless there is no need to. Throws VF_BUSY where this server has no room for one. */
  async begin(kind: ResultKind, window: Window): Promise<Begun> {
    const { store } = this.#options.query;
    const wanted = wantedOf(kind, window);
    const marker = await this.#claim(wanted);
    if (typeof marker === 'string') return marker;
    try {
      // Another server may have done the job between the look and the claim.
      if (await hasResult(store, wanted)) {
        await marker.release();
        return 'nothing';
      }
    } catch (error) {
      await this.#released(wanted, marker);
      throw error;
    }
    const done = this.#run(wanted, marker).finally(() => this.#hold(wanted.id, null));
    done.catch(() => undefined); // logged where it happens; whoever waits for it is told too
    this.#hold(wanted.id, done);
    return { done };
  }

  /** The job that this server has under way for a window, if any. */
  underWay(kind: ResultKind, window: Window): Promise<void> | null {
    return this.#jobs.get(windowId(kind, window)) ?? null;
  }

  /** Takes no more jobs, and gives back those that wait. */
  stop(): void {
    this.#closing.abort(new VpcflowError('VF_BUSY', 'this server is stopping'));
  }

  /** Resolves when no job runs any more: each has ended, or was given back because the server gives up. */
  async ended(): Promise<void> {
    this.stop();
    while (this.#jobs.size > 0) await Promise.allSettled(this.#jobs.values());
    await Promise.all(this.#releasing);
  }

  async #claim(wanted: Wanted): Promise<JobMarker | 'wait' | 'nothing'> {
    const { query, timeout } = this.#options;
    const { store, clock } = query;
    const key = markerKey(wanted.id);
    const found = await store.get(key);
    const live = planJob(found, false, clock.now(), timeout);
    const plan = live.does === 'wait' ? live : planJob(found, await hasResult(store, wanted), clock.now(), timeout);
    if (plan.does !== 'claim') return plan.does;
    this.#closing.signal.throwIfAborted();
    if (this.#jobs.size >= MAX_JOBS) throw new VpcflowError('VF_BUSY', `this server has ${MAX_JOBS} jobs already`);
    return (await JobMarker.claim({ store, clock, key, timeout }, plan.over)) ?? 'wait';
  }

  #hold(id: string, job: Promise<void> | null): void {
    if (job === null) this.#jobs.delete(id);
    else this.#jobs.set(id, job);
    this.#options.meter.set('windowJobsHeld', this.#jobs.size, {});
  }

  async #run(wanted: Wanted, marker: JobMarker): Promise<void> {
    const { meter, log, stopping } = this.#options;
    const { kind, id, window } = wanted;
    const about = { kind, id, start: formatTime(window.start), stop: formatTime(window.stop) };
    try {
      const signal = AbortSignal.any([stopping, marker.lost]);
      const waiting = AbortSignal.any([signal, this.#closing.signal]);
      await this.#gate.pass(() => this.#make(wanted, marker, signal), waiting);
      meter.count('windowJobs', 1, { route: kind, status: 'stored' });
    } catch (error) {
      const outcome = marker.lost.aborted ? 'lost' : this.#closing.signal.aborted ? 'left' : 'failed';
      meter.count('windowJobs', 1, { route: kind, status: outcome });
      if (outcome === 'failed') log.error({ ...about, err: error }, 'a job failed');
      else log.warn(about, outcome === 'lost' ? 'a job was taken over' : 'a job was left, and can be begun again');
      // Not what was interrupted, but why.
      marker.lost.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      throw error;
    } finally {
      await this.#released(wanted, marker);
    }
  }

  async #make(wanted: Wanted, marker: JobMarker, signal: AbortSignal): Promise<void> {
    const { query } = this.#options;
    const { store } = query;
    const { kind, id, window } = wanted;
    const before = (await store.get(resultKey(kind, id)))?.tag ?? null;
    const state: WindowState = await windowState(store, window);
    const produced = await produce(query, kind, window, signal);
    signal.throwIfAborted();
    await marker.confirm();
    await writeResult(store, wanted, produced, state, before);
  }

  /** A marker that cannot be removed, now or some times later, keeps the window in progress until its time is over. */
  async #released({ id }: Wanted, marker: JobMarker): Promise<void> {
    try {
      await marker.release();
    } catch {
      // Nobody who asks waits for that.
      const releasing = this.#releaseAgain(id, marker).finally(() => this.#releasing.delete(releasing));
      this.#releasing.add(releasing);
    }
  }

  async #releaseAgain(id: string, marker: JobMarker): Promise<void> {
    try {
      await marker.release(this.#closing.signal);
    } catch (error) {
      this.#options.log.error({ id, err: error }, 'the marker of a job could not be removed');
    }
  }
}

const wantedOf = (kind: ResultKind, window: Window): Wanted => ({ kind, window, id: windowId(kind, window) });

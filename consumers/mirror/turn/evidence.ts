// Asks the digests of the last hour for what mirroring wants to know: a remote address's neighbours, and interfaces' Mbit/s.
//
// The digests are evidence, and never a condition: whatever is wrong with them, the answer is that there is none, with the
// sentence that says why, in ten seconds at the most.
import { canonicalAddress } from '../../../pipeline/address/address.ts';
import {
  type EvidenceQuery,
  evidenceWindow,
  megabitsPerSecond,
  neighboursSql,
  trafficSql,
} from '../../../pipeline/mirror-turn/evidence-sql.ts';
import { formatTime } from '../../../pipeline/window/window.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Neighbour } from '../../../schemas/mirroring/plan.ts';
import type { QueryValue, Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { assertWritten } from '../../shared/query/read-store.ts';
import { openQueryService, type QueryService } from '../../shared/query/service.ts';
import { withoutDamage } from '../../shared/query/window/without-damage.ts';
import { unlessAborted } from '../../shared/unless-aborted.ts';

/** DuckDB's, beside a consumer that has little else in memory: the answers are a few rows. */
const MEMORY_LIMIT = 128 * 1024 * 1024; // bytes
const TIMEOUT = 10_000; // ms
/** Digests that did not answer in time are not asked for so long: findings that come in their hundreds wait once. */
const PAUSE = 60_000; // ms

export interface NeighbourEvidence {
  /** Most bytes first, then by id. */
  readonly neighbours: readonly Neighbour[];
  /** The hour that was asked, RFC 3339 `start/stop`. */
  readonly window: string;
  /** Whether the digests of that hour are complete; null: unknown, as in a store that no stream feeds. */
  readonly complete: boolean | null;
  /** `no evidence: …`, for the detail of a decision; null: the digests answered. */
  readonly problem: string | null;
}

export interface TrafficEvidence {
  /** Of the interfaces that logged something. */
  readonly mbps: ReadonlyMap<string, number>;
  readonly problem: string | null;
}

/** Which interfaces can be mirrored as neighbours at all. */
export interface NeighbourScope {
  readonly account?: string;
  readonly region?: string;
  /** Those that are mirrored anyway. */
  readonly except?: readonly string[];
}

export interface EvidenceOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** How long a question may take, ms. */
  readonly timeout?: number;
  readonly cacheDirectory?: string;
  readonly cacheSize?: number; // bytes
}

/** What one question found in the window: rows of an interface id and its bytes. */
interface Answer {
  readonly complete: boolean | null;
  readonly rows: readonly (readonly [interfaceId: string, bytes: bigint])[];
}

/** The query engine is opened for the first question. Questions may be asked at once: each has its own time. */
export class Evidence {
  readonly #options: EvidenceOptions;
  #service: Promise<QueryService> | null = null;
  readonly #closing = new AbortController();
  #silentUntil = 0; // Unix ms
  #isWritten = false; // the store: an answer about one that is not there would be about nothing

  constructor(options: EvidenceOptions) {
    this.#options = options;
  }

  /**
   * The `count` interfaces that exchanged most bytes with any of the addresses in the 60 whole minutes before `now` (Unix
   * ms). Rejects with the signal's reason only.
   */
  async neighbours(
    remoteAddresses: readonly string[],
    count: number,
    now: number,
    signal: AbortSignal,
    scope: NeighbourScope = {},
  ): Promise<NeighbourEvidence> {
    const hour = evidenceWindow(now);
    const window = `${formatTime(hour.start)}/${formatTime(hour.stop)}`;
    const addresses = [...new Set(remoteAddresses.map(canonicalAddress))].filter((address) => address !== null);
    if (addresses.length === 0 || count === 0) return { neighbours: [], window, complete: null, problem: null };
    const { account = null, region = null, except = [] } = scope;
    const question = { remoteAddresses: addresses, limit: count, account, region, except };
    const answer = await this.#ask(hour, signal, (digests) => neighboursSql(digests, question));
    if (typeof answer === 'string') return { neighbours: [], window, complete: null, problem: answer };
    const { complete, rows } = answer;
    const neighbours = rows.map(([id, bytes]) => ({ interface: id, bytes, window, complete }));
    return { neighbours, window, complete, problem: null };
  }

  /** Mbit/s of each of the interfaces, by what it logged in the same hour. Rejects with the signal's reason only. */
  async mbps(interfaces: Iterable<string>, now: number, signal: AbortSignal): Promise<TrafficEvidence> {
    const ids = [...new Set(interfaces)];
    if (ids.length === 0) return { mbps: new Map(), problem: null };
    const hour = evidenceWindow(now);
    const answer = await this.#ask(hour, signal, (digests) => trafficSql(digests, ids));
    if (typeof answer === 'string') return { mbps: new Map(), problem: answer };
    return { mbps: new Map(answer.rows.map(([id, bytes]) => [id, megabitsPerSecond(bytes, hour)])), problem: null };
  }

  /** Interrupts what is still asked. Nothing may be asked after it. */
  async close(): Promise<void> {
    this.#closing.abort(new VpcflowError('VF_ENGINE', 'the consumer ends'));
    const service = await this.#service?.catch(() => null);
    await service?.close();
  }

  /** The answer, or the sentence that says why there is none. */
  async #ask(window: Window, signal: AbortSignal, query: (digests: string) => EvidenceQuery): Promise<Answer | string> {
    const { timeout = TIMEOUT, clock } = this.#options;
    const silence = `no evidence: the digests did not answer within ${timeout / 1000} s`;
    const pause = this.#silentUntil - clock.now();
    if (pause > 0 && pause <= PAUSE) return silence;
    const late = AbortSignal.timeout(timeout);
    const ends = AbortSignal.any([signal, late, this.#closing.signal]);
    try {
      return await unlessAborted(this.#read(window, ends, query), ends);
    } catch (error) {
      signal.throwIfAborted();
      if (late.aborted) {
        this.#silentUntil = clock.now() + PAUSE;
        return silence;
      }
      return `no evidence: ${why(error, this.#options.store)}`;
    }
  }

  async #read(window: Window, signal: AbortSignal, query: (digests: string) => EvidenceQuery): Promise<Answer> {
    if (!this.#isWritten) await assertWritten(this.#options.store);
    this.#isWritten = true;
    signal.throwIfAborted();
    const service = await this.#opened();
    signal.throwIfAborted();
    return withoutDamage(
      () => service.window(window, ['digests'], { signal }),
      async (source) => {
        const { sql, parameters } = query(source.tables.digests);
        const result = await service.engine.run(sql, parameters, signal);
        const rows: (readonly [string, bigint])[] = [];
        for await (const chunk of result.chunks) for (const row of chunk) rows.push(rowOf(row));
        source.release();
        return { complete: source.completeness.complete, rows };
      },
      signal,
    );
  }

  /** One that could not be opened is tried again by the next question. */
  #opened(): Promise<QueryService> {
    const { store, clock, cacheDirectory, cacheSize } = this.#options;
    this.#service ??= openQueryService({
      ...{ store, clock, memoryLimit: MEMORY_LIMIT },
      ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
      ...(cacheSize === undefined ? {} : { cacheSize }),
    });
    this.#service.catch(() => {
      this.#service = null;
    });
    return this.#service;
  }
}

/** The sum of a BIGINT has 128 bits, and is a bigint. */
const rowOf = ([id, bytes]: readonly QueryValue[]): readonly [string, bigint] => [
  String(id),
  typeof bytes === 'bigint' ? bytes : 0n,
];

const why = (error: unknown, { uri }: ObjectStore): string => {
  if (error instanceof VpcflowError && error.code === 'VF_STORE_MISSING') return `the store ${uri} does not exist`;
  if (error instanceof VpcflowError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
};

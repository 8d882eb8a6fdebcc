// Turns the reads of a real account into ones that are kept for a moment, for those who ask again and again.
import type { Clock } from '../../../schemas/clock.ts';
import type { Ec2Mirror, MirrorFilter, MirrorSession, MirrorTarget } from '../../../schemas/mirroring/account.ts';

/** How long a listing serves the checks of changes: what else happens in the account is seldom, and not ours. */
const FRESH_MS = 10_000;
/** How long an interface that was there counts as there. */
const THERE_MS = 60_000;

/** One listing. */
export class Recent<T> {
  readonly #ask: () => Promise<T>;
  readonly #clock: Clock;
  #last: { readonly value: T; readonly at: number } | null = null;

  constructor(ask: () => Promise<T>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** As it is. */
  async read(): Promise<T> {
    const at = this.#clock.now();
    const value = await this.#ask();
    this.#last = { value, at };
    return value;
  }

  /** As it was a moment ago. */
  async fresh(): Promise<T> {
    const last = this.#last;
    if (last !== null && this.#clock.now() - last.at < FRESH_MS) return last.value;
    return await this.read();
  }
}

export class RecentReads {
  readonly sessions: Recent<readonly MirrorSession[]>;
  readonly targets: Recent<readonly MirrorTarget[]>;
  readonly filters: Recent<readonly MirrorFilter[]>;
  readonly #reader: Pick<Ec2Mirror, 'interfaces'>;
  readonly #clock: Clock;
  #looked = new Map<string, { readonly there: boolean; readonly at: number }>();

  constructor(reader: Pick<Ec2Mirror, 'sessions' | 'targets' | 'filters' | 'interfaces'>, clock: Clock) {
    this.sessions = new Recent(() => reader.sessions(), clock);
    this.targets = new Recent(() => reader.targets(), clock);
    this.filters = new Recent(() => reader.filters(), clock);
    this.#reader = reader;
    this.#clock = clock;
  }

  /** Which of these interfaces the account does not have (any more); the others were there within the last minute. */
  async missing(ids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const at = this.#clock.now();
    const looked = new Map([...this.#looked].filter(([id, last]) => ids.has(id) && at - last.at < THERE_MS));
    const unknown = [...ids].filter((id) => !looked.has(id));
    const found = unknown.length === 0 ? [] : await this.#reader.interfaces(unknown);
    const there = new Set(found.map(({ id }) => id));
    for (const id of unknown) looked.set(id, { there: there.has(id), at });
    this.#looked = looked;
    return new Set([...ids].filter((id) => looked.get(id)?.there !== true));
  }
}

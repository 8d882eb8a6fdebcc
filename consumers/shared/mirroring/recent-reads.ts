// Turns the reads of a real account into ones that are kept for a moment, for those who ask again and again.
import type { Clock } from '../../../schemas/clock.ts';
import type {
  Ec2Mirror,
  MirrorFilter,
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
} from '../../../schemas/mirroring/account.ts';

/** How long a listing serves the checks of changes: what else happens in the account is seldom, and not ours. */
const FRESH_MS = 10_000;
/** How long a thing is taken to be as it was found, or not to be there. */
const KNOWN_MS = 60_000;

/** One listing. */
class Recent<T> {
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

type Ask<T> = (ids: readonly string[]) => Promise<readonly T[]>;

/** Things that are asked for by id. */
class RecentById<T extends { readonly id: string }> {
  readonly #ask: Ask<T>;
  readonly #clock: Clock;
  #known = new Map<string, { readonly value: T | null; readonly at: number }>();
  #cleared = 0; // Unix ms

  constructor(ask: Ask<T>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** Those that are there, as they are. */
  async read(ids: readonly string[]): Promise<readonly T[]> {
    if (ids.length === 0) return [];
    const at = this.#clock.now();
    const found = await this.#ask(ids);
    this.#clear(at);
    for (const id of ids) this.#known.set(id, { value: null, at });
    for (const value of found) this.#known.set(value.id, { value, at });
    return found;
  }

  /** Those that are there, or were within the last minute. */
  async fresh(ids: readonly string[]): Promise<readonly T[]> {
    const now = this.#clock.now();
    const isKnown = (id: string): boolean => now - (this.#known.get(id)?.at ?? -Infinity) < KNOWN_MS;
    const found = await this.read(ids.filter((id) => !isKnown(id)));
    const known = ids.filter(isKnown).map((id) => this.#known.get(id)?.value ?? null);
    const all = [...known.filter((value) => value !== null), ...found];
    return [...new Map(all.map((one) => [one.id, one])).values()];
  }

  #clear(now: number): void {
    if (now - this.#cleared < KNOWN_MS) return;
    this.#cleared = now;
    this.#known = new Map([...this.#known].filter(([, { at }]) => now - at < KNOWN_MS));
  }
}

type Reads = Pick<Ec2Mirror, 'sessions' | 'targets' | 'filters' | 'interfaces' | 'instances'>;

export class RecentReads {
  readonly sessions: Recent<readonly MirrorSession[]>;
  readonly targets: Recent<readonly MirrorTarget[]>;
  readonly filters: Recent<readonly MirrorFilter[]>;
  readonly interfaces: RecentById<MirrorInterface>;
  readonly instances: RecentById<MirrorInstance>;

  constructor(reader: Reads, clock: Clock) {
    this.sessions = new Recent(() => reader.sessions(), clock);
    this.targets = new Recent(() => reader.targets(), clock);
    this.filters = new Recent(() => reader.filters(), clock);
    this.interfaces = new RecentById((ids) => reader.interfaces(ids), clock);
    this.instances = new RecentById((ids) => reader.instances(ids), clock);
  }
}

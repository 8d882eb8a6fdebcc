// Turns how often EC2 refused what a request needs into when it is asked again: a minute, then twice as long each time.
const FIRST = 60_000; // ms
const LONGEST = 30 * 60_000; // ms

interface Refused {
  readonly times: number;
  readonly until: number; // Unix ms
}

/** Of requests that wait, by key. What is forgotten by a process that ends is asked again at once. */
export class Backoff {
  readonly #refused = new Map<string, Refused>();

  /** A call for the request was refused at `now`. */
  refused(key: string, now: number): void {
    const times = (this.#refused.get(key)?.times ?? 0) + 1;
    this.#refused.set(key, { times, until: now + Math.min(FIRST * 2 ** (times - 1), LONGEST) });
  }

  /** Nothing of it was refused. */
  cleared(key: string): void {
    this.#refused.delete(key);
  }

  /** Whether it may be asked at `now`; a clock that was set back keeps nobody waiting longer than LONGEST. */
  isDue(key: string, now: number): boolean {
    const { until } = this.#refused.get(key) ?? { until: 0 };
    return now >= until || until - now > LONGEST;
  }

  /** Only those are remembered that still wait. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#refused.keys()) if (!keys.has(key)) this.#refused.delete(key);
  }
}

// A Clock that stands still until a test moves it: sleepers wake in the order of their deadlines.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../schemas/clock.ts';

interface Sleeper {
  readonly deadline: number; // ms
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now: number; // ms
  #sleepers: Sleeper[] = [];

  /** Stands at `start`, Unix ms. */
  constructor(start = Date.UTC(2026, 10, 20, 5, 0, 0)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** How many sleeps are pending. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const sleeper: Sleeper = { deadline: this.#now + ms, wake: finish };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', finish, { once: true });
    });
  }

  /** Moves time on by `ms`; each sleeper that becomes due wakes at its own deadline and may sleep again. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await turn();
    for (;;) {
      const due = this.#sleepers.reduce<Sleeper | null>(
        (first, s) => (s.deadline <= target && (first === null || s.deadline < first.deadline) ? s : first),
        null,
      );
      if (due === null) break;
      this.#now = Math.max(this.#now, due.deadline);
      due.wake();
      await turn();
    }
    this.#now = target;
  }

  /** Moves time to `time`, Unix ms, which must not lie in the past. */
  async advanceTo(time: number): Promise<void> {
    if (time < this.#now) throw new RangeError('time does not run backwards');
    await this.advance(time - this.#now);
  }

  /** Resolves once at least `count` sleeps are pending. */
  async untilSleeping(count = 1): Promise<void> {
    while (this.#sleepers.length < count) await turn();
  }
}

// Knows whether what a server depends on could be reached lately, from its work, or by asking where there was none.
import type { Clock } from '../../schemas/clock.ts';

/** What an answer is good for; a balancer asks every few seconds. */
const LATELY_MS = 15_000;
const PROBE_MS = 5_000;

/** It asks at most once in `lately` (15 s), for all who want to know, and at once after work that failed. */
export class Readiness {
  readonly #clock: Clock;
  readonly #probe: (signal: AbortSignal) => Promise<unknown>;
  readonly #lately: number; // ms
  #failure: unknown = null; // null: ready
  #at: number; // Unix ms
  #asking: Promise<void> | null = null;

  /** `probe` asks, and rejects with what cannot be reached. `start`: whether it was asked just before. */
  constructor(
    clock: Clock,
    probe: (signal: AbortSignal) => Promise<unknown>,
    start: 'ready' | 'unknown',
    lately: number = LATELY_MS,
  ) {
    this.#clock = clock;
    this.#probe = probe;
    this.#lately = lately;
    this.#at = start === 'ready' ? clock.now() : Number.NEGATIVE_INFINITY;
  }

  /** It was reached. */
  heard(): void {
    this.#failure = null;
    this.#at = this.#clock.now();
  }

  /** Work has failed: whoever asks next finds out whether anything can be reached at all. */
  doubt(): void {
    this.#at = Number.NEGATIVE_INFINITY;
  }

  /** Takes 5 s at most. Never rejects. */
  async ready(): Promise<boolean> {
    return (await this.failure()) === null;
  }

  /** What it is not ready for: what the probe rejected with; null where it is ready. Takes 5 s at most. Never rejects. */
  async failure(): Promise<unknown> {
    if (this.#clock.now() - this.#at >= this.#lately) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    return this.#failure;
  }

  async #ask(): Promise<void> {
    const late = new AbortController();
    const answered = new AbortController();
    const silent = this.#clock.sleep(PROBE_MS, answered.signal).then(() => {
      late.abort();
      if (!answered.signal.aborted) throw new Error(`no answer within ${PROBE_MS / 1000} s`);
    });
    this.#failure = await Promise.race([this.#probe(late.signal), silent]).then(
      () => null,
      (error: unknown) => error ?? new Error('it failed'),
    );
    answered.abort();
    this.#at = this.#clock.now();
  }
}

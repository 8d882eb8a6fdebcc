// Knows whether the stream could be reached lately, from what was put, or by asking where nothing was.
import type { Clock } from '../../schemas/clock.ts';

/** What an answer of the stream is good for; a balancer asks every few seconds. */
const LATELY_MS = 15_000;
const PROBE_MS = 5_000;

/** It asks at most once in 15 s, for all who want to know, and at once after a put that failed. */
export class Readiness {
  readonly #clock: Clock;
  readonly #probe: (signal: AbortSignal) => Promise<unknown>;
  #ready: boolean;
  #at: number; // Unix ms
  #asking: Promise<void> | null = null;

  /** `probe` asks the stream something, and rejects where it cannot be reached; at the start it can. */
  constructor(clock: Clock, probe: (signal: AbortSignal) => Promise<unknown>) {
    this.#clock = clock;
    this.#probe = probe;
    this.#ready = true;
    this.#at = clock.now();
  }

  /** The stream took records. */
  heard(): void {
    this.#ready = true;
    this.#at = this.#clock.now();
  }

  /** Records were not taken: whoever asks next finds out whether the stream is there at all. */
  doubt(): void {
    this.#at = Number.NEGATIVE_INFINITY;
  }

  /** Takes 5 s at most. Never rejects. */
  async ready(): Promise<boolean> {
    if (this.#clock.now() - this.#at >= LATELY_MS) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    return this.#ready;
  }

  async #ask(): Promise<void> {
    const late = new AbortController();
    const answered = new AbortController();
    void this.#clock.sleep(PROBE_MS, answered.signal).then(() => late.abort());
    this.#ready = await this.#probe(late.signal).then(
      () => true,
      () => false,
    );
    answered.abort();
    this.#at = this.#clock.now();
  }
}

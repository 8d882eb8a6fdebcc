// Turns failed requests into log lines, as many as somebody can read.
import type { Clock } from '../../schemas/clock.ts';
import type { Log } from '../shared/log.ts';

const MOST = 20; // lines
const PERIOD_MS = 60_000;

export class FailureLog {
  readonly #log: Log;
  readonly #clock: Clock;
  #began = Number.NEGATIVE_INFINITY; // Unix ms
  #told = 0;
  #untold = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** At most 20 lines a minute; how many had none is said with the next one, and at the end. */
  add(fields: Readonly<Record<string, unknown>>, message: string): void {
    if (this.#clock.now() - this.#began >= PERIOD_MS) {
      this.end();
      this.#began = this.#clock.now();
      this.#told = 0;
    }
    if (this.#told === MOST) this.#untold += 1;
    else {
      this.#told += 1;
      this.#log.warn(fields, message);
    }
  }

  end(): void {
    if (this.#untold > 0) this.#log.warn({ requests: this.#untold }, 'more requests failed that have no line');
    this.#untold = 0;
  }
}

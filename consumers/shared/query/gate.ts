// Lets asynchronous steps run at once up to a width; the others wait in the order in which they came.

interface Waiting {
  readonly weight: number;
  readonly begin: () => void;
}

export class Gate {
  readonly #width: number;
  #running = 0; // weight
  readonly #waiting = new Set<Waiting>(); // in order

  /** How many steps run at once, or what they weigh together; one that weighs more than all runs alone. */
  constructor(width: number) {
    this.#width = width;
  }

  /** What the steps that run weigh. */
  get running(): number {
    return this.#running;
  }

  /** How many steps wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `step` when its turn comes. One whose signal aborts before that rejects with its reason, and never runs. */
  async pass<T>(step: () => Promise<T>, signal?: AbortSignal, weight = 1): Promise<T> {
    signal?.throwIfAborted();
    if (this.#waiting.size === 0 && this.#fits(weight)) this.#running += weight;
    else await this.#turn(weight, signal);
    try {
      return await step();
    } finally {
      this.#running -= weight;
      this.#admit();
    }
  }

  #fits(weight: number): boolean {
    return this.#running === 0 || this.#running + weight <= this.#width;
  }

  #turn(weight: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
        this.#admit(); // those behind it may fit
      };
      const begin = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const waiting = { weight, begin };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.weight)) return;
      this.#waiting.delete(waiting);
      this.#running += waiting.weight;
      waiting.begin();
    }
  }
}

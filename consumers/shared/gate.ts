// Lets asynchronous steps run at once up to a width; the others wait in the order in which they came, begun work first.

interface Waiting {
  readonly weight: number;
  readonly begin: () => void;
}

export class Gate {
  readonly #width: number;
  #running = 0; // weight
  // Each in order.
  readonly #begun = new Set<Waiting>();
  readonly #fresh = new Set<Waiting>();

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
    return this.#begun.size + this.#fresh.size;
  }

  /**
   * Runs `step` when its turn comes. One whose signal aborts before that rejects with its reason, and never runs. The
   * next step of `begun` work comes before all that has not begun: what holds something ends before more is begun.
   */
  async pass<T>(step: () => Promise<T>, signal?: AbortSignal, { weight = 1, begun = false } = {}): Promise<T> {
    signal?.throwIfAborted();
    if (this.waiting === 0 && this.#fits(weight)) this.#running += weight;
    else await this.#turn(begun ? this.#begun : this.#fresh, weight, signal);
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

  #turn(queue: Set<Waiting>, weight: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.delete(waiting);
        reject(signal?.reason);
        this.#admit(); // those behind it may fit
      };
      const begin = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const waiting = { weight, begin };
      queue.add(waiting);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #admit(): void {
    for (const queue of [this.#begun, this.#fresh]) {
      for (const waiting of queue) {
        if (!this.#fits(waiting.weight)) return;
        queue.delete(waiting);
        this.#running += waiting.weight;
        waiting.begin();
      }
    }
  }
}

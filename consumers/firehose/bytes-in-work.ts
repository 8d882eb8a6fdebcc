// Counts the bytes of all requests that are being worked on, and says when there are too many.

/** What one request holds of it. */
export interface Share {
  /** Whether the request may hold `bytes` in all; what it holds already counts. */
  grow(bytes: number): boolean;
  /** Gives everything back. */
  release(): void;
}

export class BytesInWork {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  share(): Share {
    let own = 0;
    return {
      grow: (bytes) => {
        const more = Math.max(0, bytes - own);
        if (this.#held + more > this.#limit) return false;
        this.#held += more;
        own += more;
        return true;
      },
      release: () => {
        this.#held -= own;
        own = 0;
      },
    };
  }
}

// Lets those that have something in common (a name, a content) go one after the other, in the order in which they came.

/** Remembers nothing of what is done. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Begins when all that came before with this key have ended, however they did. Settles as `work` does. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = (async () => {
      await before;
      return work();
    })();
    const end = result.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, end);
    try {
      return await result;
    } finally {
      if (this.#last.get(key) === end) this.#last.delete(key);
    }
  }
}

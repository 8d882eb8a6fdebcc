// Hands out decompressed chunks in order, and lets a scanner look ahead of them without losing any.

import type { Chunks, Damage } from './chunks.ts';
import { WHOLE_BYTES } from './compression.ts';
import type { ObjectScanner } from './scanner.ts';

export class ChunkQueue {
  /** How the data end, once `next` has given null: null when they are whole. */
  damage: Damage | null = null;
  readonly #chunks: Chunks;
  readonly #reopen: () => Chunks;
  #waiting: Buffer[] = []; // seen by a look-ahead
  #held = 0; // bytes in #waiting
  #ended = false;

  constructor(chunks: Chunks, reopen: () => Chunks) {
    this.#chunks = chunks;
    this.#reopen = reopen;
  }

  /** The next chunk, or null at the end. */
  async next(): Promise<Buffer | null> {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return this.#pull();
    this.#held -= waiting.length;
    return waiting;
  }

  /**
   * Lets `ahead` read from `chunk[from]` to the end of its envelope. What it passes is held for `next`; an envelope
   * that is too large for that is read from a second opening of the same data.
   */
  async lookAhead(ahead: ObjectScanner, chunk: Buffer, from: number): Promise<void> {
    ahead.scan(chunk, from, chunk.length);
    for (let i = 0; !ahead.finished; i++) {
      if (i === this.#waiting.length) {
        if (this.#held >= WHOLE_BYTES) return this.#lookFurther(ahead);
        const next = await this.#pull();
        if (next === null) return;
        this.#waiting.push(next);
        this.#held += next.length;
      }
      const waiting = this.#waiting[i];
      ahead.scan(waiting, 0, waiting.length);
    }
  }

  async close(): Promise<void> {
    this.#waiting = [];
    await this.#chunks.return(null);
  }

  async #lookFurther(ahead: ObjectScanner): Promise<void> {
    let offset = 0;
    for await (const chunk of this.#reopen()) {
      const from = Math.max(0, ahead.offset - offset);
      offset += chunk.length;
      if (from < chunk.length) ahead.scan(chunk, from, chunk.length);
      if (ahead.finished) return;
    }
  }

  async #pull(): Promise<Buffer | null> {
    if (this.#ended) return null;
    const step = await this.#chunks.next();
    if (step.done !== true) return step.value;
    this.#ended = true;
    this.damage = step.value;
    return null;
  }
}

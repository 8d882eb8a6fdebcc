// Turns chunks cut anywhere into blocks of the sizes that are asked for, so that nothing depends on the cuts.
import type { Chunks, Damage } from './chunks.ts';

export class BlockReader {
  /** How the chunks ended, once `read` has given null. */
  damage: Damage | null = null;
  readonly #source: Chunks;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(source: Chunks) {
    this.#source = source;
  }

  /** The next `size` bytes, fewer only at the end of the data; null when there are none. */
  async read(size: number): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let missing = size;
    while (missing > 0) {
      if (this.#at === this.#chunk.length) {
        const step = await this.#source.next();
        if (step.done === true) {
          this.damage = step.value ?? this.damage;
          break;
        }
        this.#chunk = step.value;
        this.#at = 0;
      }
      const part = this.#chunk.subarray(this.#at, this.#at + missing);
      this.#at += part.length;
      missing -= part.length;
      if (part.length > 0) parts.push(part);
    }
    if (parts.length === 0) return null;
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }
}

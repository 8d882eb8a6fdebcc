// Inflates gzip members or zlib streams that follow each other, piece by piece, and says of each piece what it gave.
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import type { Compression } from './compression.ts';

const OUTPUT = 256 * 1024; // bytes of one output buffer

/** What one piece gave: nothing but the error where it has a damage. */
export interface InflateStep {
  readonly out: readonly Buffer[];
  readonly consumed: number; // bytes of the piece
  readonly error: string | null;
}

export class Inflater {
  readonly #compression: Compression;
  #stream: Gunzip | Inflate | null = null;
  #error: string | null = null;
  #members = 0; // streams that ended before the current one
  #out: Buffer[] = [];
  #settle: () => void = () => {};

  constructor(compression: Compression) {
    this.#compression = compression;
  }

  /** Takes at least one byte of `piece`, a non-empty one, unless it has a damage. */
  async write(piece: Buffer): Promise<InflateStep> {
    let padding = 0;
    if (this.#stream === null) {
      if (this.#members > 0) while (padding < piece.length && piece[padding] === 0) padding++;
      if (padding > 0) return { out: [], consumed: padding, error: null };
    }
    const stream = this.#stream ?? this.#begin();
    const before = stream.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#settle = resolve; // after an error zlib forgets the callback of the write
      stream.write(piece, () => resolve());
    });
    while (stream.readableLength > 0 && stream.read() !== null);
    const out = this.#out;
    this.#out = [];
    if (this.#error !== null) return { out: [], consumed: 0, error: this.#error };
    const consumed = stream.bytesWritten - before;
    if (consumed < piece.length) {
      this.#members++; // the stream has ended, and is not interested in more
      this.close();
      if (consumed === 0 && out.length === 0) return this.write(piece);
    }
    return { out, consumed, error: null };
  }

  /** At the end of the data: whether they do not end inside a stream. */
  async isWhole(): Promise<boolean> {
    const stream = this.#stream;
    if (stream === null) return this.#members > 0;
    await new Promise<void>((resolve) => {
      stream.once('end', resolve);
      stream.once('close', resolve);
      stream.end();
    });
    return this.#error === null;
  }

  close(): void {
    this.#stream?.destroy();
    this.#stream = null;
  }

  #begin(): Gunzip | Inflate {
    const options = { chunkSize: OUTPUT };
    const stream = this.#compression === 'gzip' ? createGunzip(options) : createInflate(options);
    stream.on('data', (chunk: Buffer) => this.#out.push(chunk));
    stream.on('error', (error) => {
      this.#error = error.message;
      this.#settle();
    });
    this.#stream = stream;
    return stream;
  }
}

// Turns pieces into one body of bounded size, which is what an object store takes.
import { Writable } from 'node:stream';
import { formatBytes } from '../../../pipeline/quantities.ts';
import { VpcflowError } from '../../../schemas/errors.ts';

/**
 * A sink for a stream. The most that it may hold is reserved at once, of which the system gives only what is written
 * to: the body is never in memory twice.
 */
export class BoundedBytes extends Writable {
  readonly #buffer: Buffer;
  readonly #what: string;
  #length = 0;

  /** `what` names the body in the VF_LIMIT that the stream fails with past `limit` bytes. */
  constructor(what: string, limit: number) {
    super();
    this.#what = what;
    this.#buffer = Buffer.allocUnsafeSlow(limit);
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    if (this.#length + piece.length > this.#buffer.length) {
      done(new VpcflowError('VF_LIMIT', `${this.#what} is larger than ${formatBytes(BigInt(this.#buffer.length))}`));
      return;
    }
    this.#length += piece.copy(this.#buffer, this.#length);
    done();
  }

  /** What was written. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

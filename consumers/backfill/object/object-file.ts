// Turns a local file into an object: its identity (the SHA-256 of its bytes), and its bytes as often as they are asked
// for, with the assurance that they are still those of that identity.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { VpcflowError } from '../../../schemas/errors.ts';

const CHUNK = 256 * 1024; // bytes; expanded 300-fold it still is less than one part
const HEAD = 4; // bytes, by which a kind of file is told

const unreadable = (path: string, cause: unknown): VpcflowError =>
  cause instanceof VpcflowError ? cause : new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read ${path}`, { cause });

/** The bytes from the file's begin, at most `size` of them: what is appended meanwhile is not part of the object. */
async function* bytesOf(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < size; ) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return; // truncated meanwhile; the hash will tell
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

export interface ObjectIdentity {
  readonly identity: string; // SHA-256, hex
  readonly size: number; // bytes that it covers
}

/** The first pass over a file. Throws VF_SOURCE_UNREADABLE. */
export const identify = async (path: string, onBytes: (count: number) => void): Promise<ObjectIdentity> => {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const hash = createHash('sha256');
    for await (const chunk of bytesOf(file, size)) {
      hash.update(chunk);
      onBytes(chunk.length);
    }
    return { identity: hash.digest('hex'), size };
  } catch (error) {
    throw unreadable(path, error);
  }
};

/** A file whose bytes have been identified. */
export class ObjectFile {
  /** Of the object: where it lies now may be a copy. */
  readonly name: string;
  readonly #file: FileHandle;
  readonly #object: ObjectIdentity;
  readonly #modified: bigint; // ns
  #verified = false;

  private constructor(name: string, file: FileHandle, object: ObjectIdentity, modified: bigint) {
    this.name = name;
    this.#file = file;
    this.#object = object;
    this.#modified = modified;
  }

  static async open(path: string, name: string, object: ObjectIdentity): Promise<ObjectFile> {
    try {
      const file = await open(path);
      return new ObjectFile(name, file, object, (await file.stat({ bigint: true })).mtimeNs);
    } catch (error) {
      throw unreadable(name, error);
    }
  }

  /** The object's bytes; a whole reading of them is verified against the identity, and a difference ends it. */
  async *bytes(): AsyncGenerator<Buffer> {
    try {
      const hash = createHash('sha256');
      for await (const chunk of bytesOf(this.#file, this.#object.size)) {
        hash.update(chunk);
        yield chunk;
      }
      if (hash.digest('hex') !== this.#object.identity) throw this.#changed();
      this.#verified = true;
    } catch (error) {
      throw unreadable(this.name, error);
    }
  }

  get size(): number {
    return this.#object.size;
  }

  /** The first bytes, of a file that has as many. */
  head(): Promise<Buffer> {
    return this.read(0, Math.min(HEAD, this.size));
  }

  /** Bytes from anywhere. They are verified with all others, by `assertUnchanged`. */
  read = async (position: number, length: number): Promise<Buffer> => {
    try {
      const buffer = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await this.#file.read(buffer, done, length - done, position + done);
        if (bytesRead === 0) throw this.#changed();
        done += bytesRead;
      }
      return buffer;
    } catch (error) {
      throw unreadable(this.name, error);
    }
  };

  /**
   * To be asked before anything is claimed of the object; before its end is, its bytes are verified to the last one,
   * even where the decoder stopped at a damage.
   */
  async assertUnchanged(whole: boolean): Promise<void> {
    const { mtimeNs } = await this.#file.stat({ bigint: true });
    if (mtimeNs !== this.#modified) throw this.#changed();
    if (!whole || this.#verified) return;
    const rest = this.bytes();
    while (!(await rest.next()).done);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #changed(): VpcflowError {
    const help = 'run the backfill again when nothing writes to it any more';
    return new VpcflowError('VF_SOURCE_UNREADABLE', `${this.name} was changed while it was read`, { help });
  }
}

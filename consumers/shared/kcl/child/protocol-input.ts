// Turns the daemon's bytes into the same messages with U+2028 and U+2029 escaped, which aws-kcl would take for line ends.
import { Transform, type TransformCallback } from 'node:stream';

// E2 80 A8 and E2 80 A9 in UTF-8; E2 is a lead byte and nothing else, so these bytes are never part of another character.
const LEAD = 0xe2;
const SECOND = 0x80;
const ESCAPES: ReadonlyMap<number | undefined, Buffer> = new Map([
  [0xa8, Buffer.from('\\u2028')],
  [0xa9, Buffer.from('\\u2029')],
]);
const LENGTH = 3; // bytes of one of them

/**
 * Node's readline, which aws-kcl reads with, ends a line at U+2028 and U+2029 too; Jackson writes them into its JSON as
 * they are. One record whose partition key has one would so end every worker that is given it, for as long as the
 * stream keeps it. In JSON they occur inside strings only, where the escape means the same. Base64 has no byte above
 * 0x7f: the data of records is searched at the speed of memory and passed on uncopied.
 */
export class ProtocolInput extends Transform {
  /** The begin of a character that the next chunk may complete: at most two bytes. */
  #held: Buffer = Buffer.alloc(0);

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let passed = 0; // everything before this is pushed
    for (let at = bytes.indexOf(LEAD); at >= 0; at = bytes.indexOf(LEAD, at + 1)) {
      if (at + LENGTH > bytes.length) {
        if (at + 1 < bytes.length && bytes[at + 1] !== SECOND) continue;
        this.#pass(bytes.subarray(passed, at));
        this.#held = Buffer.from(bytes.subarray(at));
        done();
        return;
      }
      const escaped = bytes[at + 1] === SECOND ? ESCAPES.get(bytes[at + 2]) : undefined;
      if (escaped === undefined) continue;
      this.#pass(bytes.subarray(passed, at));
      this.push(escaped);
      passed = at + LENGTH;
    }
    this.#held = Buffer.alloc(0);
    this.#pass(bytes.subarray(passed));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#pass(this.#held);
    done();
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.push(bytes);
  }
}

// Turns the daemon's bytes into the same messages with U+2028 and U+2029 escaped, which aws-kcl would take for line ends.
import { constants } from 'node:buffer';
import { Transform, type TransformCallback } from 'node:stream';
import { VpcflowError } from '../../../../schemas/errors.ts';

// E2 80 A8 and E2 80 A9 in UTF-8; E2 is a lead byte and nothing else, so these bytes are never part of another character.
const LEAD = 0xe2;
const SECOND = 0x80;
const ESCAPES: ReadonlyMap<number | undefined, Buffer> = new Map([
  [0xa8, Buffer.from('\\u2028')],
  [0xa9, Buffer.from('\\u2029')],
]);
const LENGTH = 3; // bytes of one of them
const NEWLINE = 10;
/** What a string of V8 holds, less than a chunk: a message is one line, and aws-kcl makes one string of it. */
const LONGEST_LINE = constants.MAX_STRING_LENGTH - 2 ** 20; // bytes; at least as many as characters

const tooLong = (longest: number): VpcflowError => {
  const help =
    'have fewer records read at once with --kcl maxRecords= (1 if need be): an aggregate of the Kinesis Producer Library may be 75 times its size here, and more';
  return new VpcflowError('VF_ENGINE', `a batch of the daemon has more than ${longest} bytes`, { help });
};

/**
 * Node's readline, which aws-kcl reads with, ends a line at U+2028 and U+2029 too; Jackson writes them into its JSON as
 * they are. One record whose partition key has one would so end every worker that is given it, for as long as the
 * stream keeps it. In JSON they occur inside strings only, where the escape means the same. Base64 has no byte above
 * 0x7f: the data of records is searched at the speed of memory and passed on uncopied.
 *
 * A message that is too long for a string fails with VF_ENGINE, and is not passed on any further.
 */
export class ProtocolInput extends Transform {
  /** The begin of a character that the next chunk may complete: at most two bytes. */
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the line that has not ended yet. */
  #line = 0;
  readonly #longest: number;

  constructor(longest: number = LONGEST_LINE) {
    super();
    this.#longest = longest;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let passed = 0; // everything before this is pushed
    for (let at = bytes.indexOf(LEAD); at >= 0; at = bytes.indexOf(LEAD, at + 1)) {
      if (at + LENGTH > bytes.length) {
        if (at + 1 < bytes.length && bytes[at + 1] !== SECOND) continue;
        this.#pass(bytes.subarray(passed, at));
        this.#held = Buffer.from(bytes.subarray(at));
        this.#finish(done);
        return;
      }
      const escaped = bytes[at + 1] === SECOND ? ESCAPES.get(bytes[at + 2]) : undefined;
      if (escaped === undefined) continue;
      this.#pass(bytes.subarray(passed, at));
      this.#pass(escaped);
      passed = at + LENGTH;
    }
    this.#held = Buffer.alloc(0);
    this.#pass(bytes.subarray(passed));
    this.#finish(done);
  }

  override _flush(done: TransformCallback): void {
    this.#pass(this.#held);
    done();
  }

  #pass(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const end = bytes.lastIndexOf(NEWLINE);
    this.#line = end === -1 ? this.#line + bytes.length : bytes.length - end - 1;
    this.push(bytes);
  }

  #finish(done: TransformCallback): void {
    done(this.#line > this.#longest ? tooLong(this.#longest) : null);
  }
}

// Turns the texts of some rows' values into lines: a token for each column, `-` for what is absent or empty.
import type { Texts } from './texts.ts';

/** The tokens of a column. */
export interface Tokens {
  readonly texts: Texts;
  /** Which of the texts is that of each row. */
  readonly places: Int32Array;
}

/** What a column has that has nothing. */
export const NO_TEXTS: Texts = {
  view: new DataView(new ArrayBuffer(16)),
  starts: new Int32Array(2),
  gap: 0,
};

/** A chunk of lines ends with the line that passes this. */
const CHUNK_BYTES = 48 * 1024;
/** More than the usual chunk needs. */
const ROOM_BYTES = CHUNK_BYTES + 4096;
const WORD = 8; // bytes
const WORDS = 16; // bytes that are copied at once, whatever the length of the text
const BLANK = 0x20;
const NEWLINE = 0x0a;
const ABSENT = 0x2d; // -

/** The tokens of a column, as flat as the innermost loop wants them. */
interface Source extends Texts {
  readonly places: Int32Array;
}

/** Lines of `rows` rows whose tokens are those of `columns`, in chunks. */
export function* linesOf(columns: readonly Tokens[], rows: number): Generator<Buffer, void, void> {
  const sources = columns.map(({ texts: { view, starts, gap }, places }): Source => ({ view, starts, gap, places }));
  for (let row = 0; row < rows; ) {
    const chunk = new LineChunk();
    row = chunk.write(sources, row, rows);
    yield chunk.lines;
  }
}

class LineChunk {
  #out = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #length = 0;

  get lines(): Buffer {
    return this.#out.subarray(0, this.#length);
  }

  /** Writes lines until the chunk is full; returns the first row that is not in it. */
  write(sources: readonly Source[], first: number, rows: number): number {
    for (let row = first; ; ) {
      row = this.#writeFitting(sources, row, rows);
      if (row === rows || this.#length > CHUNK_BYTES) return row;
      let line = WORD + sources.length * 2;
      for (const { starts, places } of sources) line += starts[places[row] + 1] - starts[places[row]];
      const larger = Buffer.allocUnsafeSlow(this.#length + line + WORDS);
      this.#out.copy(larger, 0, 0, this.#length);
      this.#out = larger;
    }
  }

  /** Writes lines until one does not fit, which may have been begun; returns its row. */
  #writeFitting(sources: readonly Source[], first: number, rows: number): number {
    const out = this.#out;
    const to = new DataView(out.buffer, out.byteOffset, out.length);
    const most = out.length - WORDS - 2;
    let row = first;
    for (; row < rows && this.#length <= CHUNK_BYTES; row++) {
      let at = this.#length;
      for (let c = 0; c < sources.length; c++) {
        const { view, starts, gap, places } = sources[c];
        const place = places[row];
        const start = starts[place];
        const length = starts[place + 1] - gap - start;
        if (at + length > most) return row;
        // What is behind the text is overwritten by the next one.
        to.setBigInt64(at, view.getBigInt64(start));
        to.setBigInt64(at + 8, view.getBigInt64(start + 8));
        for (let k = WORDS; k < length; k += WORD) to.setBigInt64(at + k, view.getBigInt64(start + k));
        if (length === 0) out[at++] = ABSENT;
        at += length;
        out[at++] = BLANK;
      }
      out[at - 1] = NEWLINE;
      this.#length = at;
    }
    return row;
  }
}

// Turns the texts of some rows' values into lines: a token for each column, `-` for what is absent or empty.
import type { Texts } from './texts.ts';

/** The tokens of a column. */
export interface Tokens {
  readonly texts: Texts;
  /** Which of the texts is that of each row. */
  readonly places: Int32Array;
}

/** A chunk of lines ends with the line that passes this. */
const CHUNK_BYTES = 128 * 1024;
/** More than the usual chunk needs. */
const ROOM_BYTES = CHUNK_BYTES + 16 * 1024;
const WORD = 8; // bytes
const WORDS = 16; // bytes that are copied at once, whatever the length of the text
const NEWLINE = 0x0a;

/** The tokens of a column, as flat as the innermost loop wants them. */
interface Source extends Texts {
  readonly places: Int32Array;
}

/** Writes lines into one buffer, which is used again and again. */
export class LineWriter {
  #out = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #length = 0;

  /**
   * Lines of `rows` rows whose tokens are those of `columns`, in chunks. A chunk is valid until the next one is asked for.
   */
  *lines(columns: readonly Tokens[], rows: number): Generator<Buffer, void, void> {
    const sources = columns.map(({ texts: { view, starts }, places }): Source => ({ view, starts, places }));
    for (let row = 0; row < rows; ) {
      row = this.#write(sources, row, rows);
      yield this.#out.subarray(0, this.#length);
    }
  }

  /** Writes lines until the chunk is full; returns the first row that is not in it. */
  #write(sources: readonly Source[], first: number, rows: number): number {
    this.#length = 0;
    for (let row = first; ; ) {
      row = this.#writeFitting(sources, row, rows);
      if (row === rows || this.#length > CHUNK_BYTES) return row;
      let line = (sources.length + 1) * WORDS;
      for (const { starts, places } of sources) line += starts[places[row] + 1] - starts[places[row]];
      const larger = Buffer.allocUnsafeSlow(this.#length + line);
      this.#out.copy(larger, 0, 0, this.#length);
      this.#out = larger;
    }
  }

  /** Writes lines until one does not fit, which may have been begun; returns its row. */
  #writeFitting(sources: readonly Source[], first: number, rows: number): number {
    const out = this.#out;
    const to = new DataView(out.buffer, out.byteOffset, out.length);
    const most = out.length - (sources.length + 1) * WORDS; // behind it there is room for a line of short texts
    let row = first;
    for (; row < rows && this.#length <= CHUNK_BYTES; row++) {
      let at = this.#length;
      if (at > most) return row;
      for (let c = 0; c < sources.length; c++) {
        const { view, starts, places } = sources[c];
        const place = places[row];
        const start = starts[place];
        const length = starts[place + 1] - start;
        // What is behind the text is overwritten by the next one.
        to.setBigInt64(at, view.getBigInt64(start, true), true);
        to.setBigInt64(at + WORD, view.getBigInt64(start + WORD, true), true);
        if (length > WORDS) {
          if (at + length > most) return row;
          for (let k = WORDS; k < length; k += WORD) to.setBigInt64(at + k, view.getBigInt64(start + k, true), true);
        }
        at += length;
      }
      out[at - 1] = NEWLINE; // for the last blank
      this.#length = at;
    }
    return row;
  }
}

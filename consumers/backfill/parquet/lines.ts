// Turns the texts of some rows' values into lines: a token for each column, `-` for what is absent or empty.
import { MAX_LINE_BYTES } from '../../../schemas/rejects.ts';
import type { Texts } from './values.ts';

/** What a chunk of lines may have; a single longer line is a chunk. */
const CHUNK_BYTES = 1024 * 1024;
const BLANK = 0x20;
const NEWLINE = 0x0a;
const ABSENT = 0x2d; // -
const QUOTE = 0x22;
/** Of a longer text no more is taken: its line is too long anyway. */
const MAX_TEXT_BYTES = MAX_LINE_BYTES + 1;

/** Lines of `rows` rows whose tokens are those of `columns`, in chunks. */
export function* linesOf(columns: readonly Texts[], rows: number): Generator<Buffer, void, void> {
  const lengths = lineLengths(columns, rows);
  for (let from = 0; from < rows; ) {
    let to = from;
    let size = 0;
    do size += lengths[to++];
    while (to < rows && size + lengths[to] <= CHUNK_BYTES);
    yield chunkOf(columns, lengths, from, to, size);
    from = to;
  }
}

const lineLengths = (columns: readonly Texts[], rows: number): Float64Array => {
  const lengths = new Float64Array(rows).fill(columns.length); // a blank or the newline behind each token
  for (const { starts, ends } of columns) {
    for (let row = 0; row < rows; row++) {
      const length = ends[row] - starts[row];
      if (length > MAX_TEXT_BYTES) ends[row] = starts[row] + MAX_TEXT_BYTES;
      lengths[row] += length === 0 ? 1 : Math.min(length, MAX_TEXT_BYTES);
    }
  }
  return lengths;
};

/** Column by column, since the texts of a column lie in one buffer. */
const chunkOf = (columns: readonly Texts[], lengths: Float64Array, from: number, to: number, size: number): Buffer => {
  const out = Buffer.allocUnsafeSlow(size);
  const cursors = new Int32Array(to - from);
  for (let row = from, at = 0; row < to; at += lengths[row++]) cursors[row - from] = at;
  let isBroken = false;
  for (const texts of columns) if (copyTexts(texts, out, cursors, from)) isBroken = true;
  for (const cursor of cursors) out[cursor - 1] = NEWLINE;
  return isBroken ? quotedLines(columns, from, to) : out;
};

/** Copies a token and a blank to each row's cursor; true when a text has a blank or a control character inside. */
const copyTexts = ({ bytes, starts, ends }: Texts, out: Buffer, cursors: Int32Array, first: number): boolean => {
  let isBroken = false;
  for (let i = 0; i < cursors.length; i++) {
    let at = cursors[i];
    const end = ends[first + i];
    let p = starts[first + i];
    if (p === end) {
      out[at++] = ABSENT;
    } else {
      for (; p < end; p++) {
        const byte = bytes[p];
        if (byte <= BLANK) isBroken = true;
        out[at++] = byte;
      }
    }
    out[at++] = BLANK;
    cursors[i] = at;
  }
  return isBroken;
};

/**
 * The same lines, with a text that is no token in quotation marks and blanks for its control characters: so it is more
 * tokens than one, whatever is in it, and its line has more than it may have.
 */
const quotedLines = (columns: readonly Texts[], from: number, to: number): Buffer => {
  const pieces: Buffer[] = [];
  for (let row = from; row < to; row++) {
    columns.forEach(({ bytes, starts, ends }, i) => {
      const text = starts[row] === ends[row] ? Buffer.of(ABSENT) : bytes.subarray(starts[row], ends[row]);
      const behind = i === columns.length - 1 ? NEWLINE : BLANK;
      if (text.every((byte) => byte > BLANK)) {
        pieces.push(text, Buffer.of(behind));
        return;
      }
      const blanks = Buffer.from(text).map((byte) => Math.max(byte, BLANK));
      pieces.push(Buffer.of(QUOTE), Buffer.from(blanks), Buffer.of(QUOTE, behind));
    });
  }
  return Buffer.concat(pieces);
};

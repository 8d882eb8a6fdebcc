// Turns the values of a column into their texts: places in one buffer.
import { MAX_LINE_BYTES } from '../../../schemas/rejects.ts';
import type { ColumnMeaning, ParquetColumn } from '../../shared/parquet/footer.ts';

const ACCOUNT_DIGITS = 12;
const UNIX_EPOCH_DAY = 2_440_588; // Julian
const DAY = 86_400; // s
const USUAL_BYTES = 8; // of a number's text
const ROOM = 64; // bytes; no number's text is longer

/** Rows that are read at a time, at most. */
export const BATCH_ROWS = 1024;

/** Readable bytes behind each text, so that it can be copied in words. */
const PAD = 32;

/** Texts as places in a view, each with a blank behind it. */
export interface Texts {
  /** Has PAD bytes behind the last text. */
  readonly view: DataView;
  /** Of each text, of that of NULL behind them, and of nothing. One array, for it is read at random. */
  readonly starts: Int32Array;
}

/** Where the text of NULL is. */
export const absentPlace = ({ starts }: Texts): number => starts.length - 2;

/** Of a longer text no more is taken: its line is too long anyway. */
const MAX_TEXT_BYTES = MAX_LINE_BYTES + 1;
const BLANK = 0x20;
const QUOTE = 0x22;
const ABSENT = 0x2d; // -

/** Writes texts one after the other. */
export class TextWriter implements Texts {
  readonly starts: Int32Array;
  #length = 0;
  #bytes: Buffer;
  #view: DataView;

  /** For at most so many texts, all of them of about so many bytes. */
  constructor(texts: number, bytes = texts * USUAL_BYTES) {
    this.starts = new Int32Array(texts + 2);
    this.#bytes = Buffer.allocUnsafeSlow(bytes + ROOM + PAD);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** All of `count` texts, each written by `write`; one of nothing is that of NULL. */
  fill(count: number, write: (i: number) => void): void {
    const { starts } = this;
    this.#length = 0;
    for (let i = 0; i < count; i++) {
      starts[i] = this.#length;
      write(i);
      this.#end(starts[i]);
    }
    const absent = this.#length;
    this.#end(absent);
    starts[count] = absent;
    starts[absentPlace(this)] = absent;
    starts[absentPlace(this) + 1] = this.#length;
  }

  get view(): DataView {
    return this.#view;
  }

  /** A whole number of 64 bits, the upper ones signed. */
  integer(low: number, high: number): void {
    if (high === 0 && low < 0x80000000) {
      this.#reserve(ROOM);
      const bytes = this.#bytes;
      let rest = low;
      let digits = 1;
      for (let limit = 10; rest >= limit; limit *= 10) digits++;
      let p = this.#length + digits;
      this.#length = p;
      do {
        const tenth = (rest / 10) | 0;
        bytes[--p] = 0x30 + rest - tenth * 10;
        rest = tenth;
      } while (rest !== 0);
    } else {
      this.text(String(whole(low, high)));
    }
  }

  /** ASCII, at most ROOM bytes. */
  text(text: string): void {
    this.#reserve(ROOM);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /**
   * A token of `bytes[start, end)`. What is none, because there is a blank or a control character in it, comes in
   * quotation marks and with blanks for them: so it is more tokens than one, whatever is in it, and its line has more
   * than it may have.
   */
  token(bytes: Buffer, start: number, end: number): void {
    const length = Math.min(end - start, MAX_TEXT_BYTES);
    this.#reserve(length + 2);
    const out = this.#bytes;
    const from = this.#length;
    this.#length = from + length;
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i];
      if (byte <= BLANK) {
        this.#quoted(from, bytes.subarray(start, start + length));
        return;
      }
      out[from + i] = byte;
    }
  }

  #quoted(from: number, text: Buffer): void {
    this.#bytes[from] = QUOTE;
    for (let i = 0; i < text.length; i++) this.#bytes[from + 1 + i] = Math.max(text[i], BLANK);
    this.#bytes[from + 1 + text.length] = QUOTE;
    this.#length = from + text.length + 2;
  }

  /** Ends the text that began at `start`. */
  #end(start: number): void {
    this.#reserve(2);
    if (this.#length === start) this.#bytes[this.#length++] = ABSENT;
    this.#bytes[this.#length++] = BLANK;
  }

  #reserve(bytes: number): void {
    const wanted = this.#length + bytes + PAD;
    if (this.#bytes.length >= wanted) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, wanted));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** What a column has that has nothing: the text of NULL alone. */
export const NO_TEXTS: Texts = (() => {
  const nothing = new TextWriter(0);
  nothing.fill(0, () => {});
  return nothing;
})();

const NONE = Buffer.from('None'); // NULL, as Python writes it

/** Writes a text of the column that lies in a page. */
export const tokenWriter = (
  out: TextWriter,
  { meaning }: ParquetColumn,
): ((page: Buffer, start: number, end: number) => void) =>
  meaning.kind === 'number'
    ? (page, start, end) => {
        if (end - start !== NONE.length || page.compare(NONE, 0, NONE.length, start, end) !== 0)
          out.token(page, start, end);
      }
    : (page, start, end) => out.token(page, start, end);

const whole = (low: number, high: number): number | bigint =>
  high >= -0x200000 && high < 0x200000 ? high * 0x100000000 + low : (BigInt(high) << 32n) | BigInt(low);

const floorDivide = (value: bigint, by: bigint): bigint =>
  value >= 0n || value % by === 0n ? value / by : value / by - 1n;

/** Writes the text of a whole number: `low` without a sign, `high` the bits above it, signed. */
export type WriteInteger = (out: TextWriter, low: number, high: number) => void;

/** How whole numbers of a column are written: as flow logs have them, times in Unix seconds. */
export const integerWriter = ({ meaning, type }: ParquetColumn): WriteInteger => {
  switch (meaning.kind) {
    case 'account':
      return (out, low, high) => out.text(String(whole(low, high)).padStart(ACCOUNT_DIGITS, '0'));
    case 'plain':
    case 'number':
      return (out, low, high) => out.integer(low, high);
    case 'unsigned':
      if (type === 'INT32') return (out, low) => out.integer(low, 0);
      return (out, low, high) => (high >= 0 ? out.integer(low, high) : out.text(String(unsigned(low, high))));
    case 'timestamp':
      return timestampWriter(meaning.perSecond);
    case 'other':
      return (out, low, high) => out.text(named(String(whole(low, high)), meaning));
  }
};

const unsigned = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low);

const timestampWriter =
  (perSecond: number): WriteInteger =>
  (out, low, high) => {
    const value = whole(low, high);
    const seconds =
      typeof value === 'number' ? Math.floor(value / perSecond) : Number(floorDivide(value, BigInt(perSecond)));
    if (seconds >= 0 && seconds < 0x80000000) out.integer(seconds, 0);
    else out.text(String(seconds));
  };

/** INT96, the time of older Hive and Spark: nanoseconds of a day, and the Julian day. In Unix seconds. */
export const writeInt96 = (out: TextWriter, page: Buffer, at: number): void => {
  const seconds = Number(page.readBigInt64LE(at) / 1_000_000_000n);
  out.text(String((page.readUInt32LE(at + 8) - UNIX_EPOCH_DAY) * DAY + seconds));
};

/** Says what a value is that is no number or text of a flow log. */
const named = (text: string, meaning: ColumnMeaning): string =>
  meaning.kind === 'other' ? `${text}:${meaning.name}` : text;

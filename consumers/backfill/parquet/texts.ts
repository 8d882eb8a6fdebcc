// Turns the values of a column into their texts: places in one buffer.
import { MAX_LINE_BYTES } from '../../../schemas/rejects.ts';
import type { ColumnMeaning, ParquetColumn } from './footer.ts';

const ACCOUNT_DIGITS = 12;
const UNIX_EPOCH_DAY = 2_440_588; // Julian
const DAY = 86_400; // s
const ROOM = 64; // bytes; no number's text is longer

/** Rows that are read at a time, at most. */
export const BATCH_ROWS = 1024;

/** Readable bytes behind each text, so that it can be copied in words. */
const PAD = 32;

/** Texts as places in a view. */
export interface Texts {
  /** Has PAD bytes behind the last text. */
  readonly view: DataView;
  /** Of each text, of an empty one behind them (that of NULL), and of nothing. One array, for it is read at random. */
  readonly starts: Int32Array;
  /** Bytes between a text and the start of the next one. */
  readonly gap: number;
}

/** Where the empty text is. */
export const absentPlace = ({ starts }: Texts): number => starts.length - 2;

const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length);

const padded = (bytes: Buffer): Buffer => {
  const longer = Buffer.allocUnsafeSlow(bytes.length + PAD);
  bytes.copy(longer);
  return longer;
};

/** Of a longer text no more is taken: its line is too long anyway. */
const MAX_TEXT_BYTES = MAX_LINE_BYTES + 1;
const BLANK = 0x20;
const QUOTE = 0x22;
const NONE = 'None'; // NULL, as Python writes it

/** Texts that are written one after the other. */
export class TextWriter implements Texts {
  length = 0;
  readonly starts: Int32Array;
  readonly gap = 0;
  #bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  #view = viewOf(this.#bytes);

  constructor(texts: number) {
    this.starts = new Int32Array(texts + 2);
  }

  /** All of `count` texts, each written by `write`. */
  fill(count: number, write: (i: number) => void): void {
    const { starts } = this;
    this.length = 0;
    for (let i = 0; i < count; i++) {
      starts[i] = this.length;
      write(i);
    }
    endStarts(this, count, this.length);
  }

  get view(): DataView {
    this.#reserve(PAD);
    return this.#view;
  }

  /** A whole number of 64 bits, the upper ones signed. */
  integer(low: number, high: number): void {
    this.#reserve(ROOM);
    if (high === 0 && low < 0x80000000) {
      const bytes = this.#bytes;
      let rest = low;
      let digits = 1;
      for (let limit = 10; rest >= limit; limit *= 10) digits++;
      let p = this.length + digits;
      this.length = p;
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
    this.length += this.#bytes.write(text, this.length, 'latin1');
  }

  /**
   * A token of `bytes`. What is none, because there is a blank or a control character in it, comes in quotation marks and
   * with blanks for them: so it is more tokens than one, whatever is in it, and its line has more than it may have.
   */
  token(bytes: Buffer): void {
    const text = bytes.length > MAX_TEXT_BYTES ? bytes.subarray(0, MAX_TEXT_BYTES) : bytes;
    this.#reserve(text.length + 2);
    const from = this.length;
    if (isToken(text, 0, text.length)) {
      this.length += text.copy(this.#bytes, from);
      return;
    }
    this.#bytes[from] = QUOTE;
    for (let i = 0; i < text.length; i++) this.#bytes[from + 1 + i] = Math.max(text[i], BLANK);
    this.#bytes[from + 1 + text.length] = QUOTE;
    this.length = from + text.length + 2;
  }

  #reserve(bytes: number): void {
    if (this.#bytes.length - this.length >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.length + bytes));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

const isToken = (bytes: Uint8Array, from: number, to: number): boolean => {
  for (let p = from; p < to; p++) if (bytes[p] <= BLANK) return false;
  return true;
};

/** What is behind `count` texts, the next of which would start at `start`. */
const endStarts = ({ starts, gap }: { starts: Int32Array; gap: number }, count: number, start: number): void => {
  starts[count] = start;
  if (count === starts.length - 2) starts[count + 1] = start + gap;
};

/** Texts that lie in a page: where they do is set before they are taken. */
export class PageTexts {
  readonly starts: Int32Array;
  readonly gap: number;
  /** With bytes behind it. */
  readonly page: Buffer;
  readonly #view: DataView;
  readonly #isNumber: boolean;

  constructor(page: Buffer, texts: number, gap: number, { meaning }: ParquetColumn) {
    this.starts = new Int32Array(texts + 2);
    this.starts[texts + 1] = gap;
    this.gap = gap;
    this.#isNumber = meaning.kind === 'number';
    this.page = padded(page);
    this.#view = viewOf(this.page);
  }

  /** The first `count` texts as tokens; the next one would start at `next`. */
  take(count: number, next: number): Texts {
    const { starts, gap } = this;
    const page = this.page;
    endStarts(this, count, next);
    let sound = true;
    for (let i = 0; i < count && sound; i++) {
      const [start, end] = [starts[i], starts[i + 1] - gap];
      sound = end - start <= MAX_TEXT_BYTES && isToken(page, start, end) && !this.#isNone(start, end);
    }
    if (sound) return { view: this.#view, starts, gap };
    const tokens = new TextWriter(starts.length - 2);
    tokens.fill(count, (i) => {
      const [start, end] = [starts[i], starts[i + 1] - gap];
      if (!this.#isNone(start, end)) tokens.token(page.subarray(start, end));
    });
    return tokens;
  }

  #isNone(start: number, end: number): boolean {
    return this.#isNumber && end - start === NONE.length && this.page.toString('latin1', start, end) === NONE;
  }
}

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

// Turns the values of a column into their texts: places in one buffer.
import type { ColumnMeaning, ParquetColumn } from './footer.ts';

const UNIX_EPOCH_DAY = 2_440_588; // Julian
const DAY = 86_400; // s
const ROOM = 64; // bytes; no number's text is longer

/** Texts that are written one after the other. */
export class TextWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  length = 0;

  /** A whole number of 64 bits, the upper ones signed. */
  integer(low: number, high: number): void {
    this.#reserve();
    if (high === 0 && low < 0x80000000) {
      let rest = low;
      let digits = 1;
      for (let limit = 10; rest >= limit; limit *= 10) digits++;
      let p = this.length + digits;
      this.length = p;
      do {
        const tenth = (rest / 10) | 0;
        this.bytes[--p] = 0x30 + rest - tenth * 10;
        rest = tenth;
      } while (rest !== 0);
    } else {
      this.text(String(whole(low, high)));
    }
  }

  /** ASCII. */
  text(text: string): void {
    this.#reserve();
    this.length += this.bytes.write(text, this.length, 'latin1');
  }

  #reserve(): void {
    if (this.bytes.length - this.length >= ROOM) return;
    const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
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
    case 'plain':
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

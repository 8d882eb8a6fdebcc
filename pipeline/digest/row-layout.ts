// Says at which word of a digest row each value stands. A layout has words for the key columns that formats brought so
// far, so rows of narrow formats are short.
import { SUM_FIELDS } from '../../schemas/columns.ts';

/** The first words, the same in every layout: one word for what fits in one, two (low, high) for what does not. */
export const ROW_MINUTE = 0;
export const ROW_FLOWS = 1; // 0: the row was removed
export const ROW_TCP_FLAGS = 2;
export const ROW_START = 3;
export const ROW_END = 5;
/** SUM_FIELDS[0] and [1], packets and bytes; the lost packets, where a format brings them, stand after the keys. */
export const ROW_SUMS = 7;
/** The active key words, ascending by KEY_FIELDS index. */
export const ROW_KEYS = 11;

/** Sums that every row has words for. */
export const CORE_SUMS = 2;

export interface RowLayout {
  /** The KEY_FIELDS indices that rows have a word for, ascending; all other keys are NULL in every row. */
  readonly keys: Int32Array;
  /** How many of SUM_FIELDS rows have words for: CORE_SUMS, or all. */
  readonly sums: number;
  /** Words a row. */
  readonly stride: number;
}

export const rowLayout = (keys: Int32Array, sums: number): RowLayout => ({
  keys,
  sums,
  stride: ROW_KEYS + keys.length + 2 * (sums - CORE_SUMS),
});

export const NARROWEST: RowLayout = rowLayout(new Int32Array(0), CORE_SUMS);

/** The layout that has the columns of another one and these. */
export const widened = (layout: RowLayout, columns: Int32Array, lostPackets: boolean): RowLayout => {
  const keys = new Set([...layout.keys, ...columns]);
  const sums = lostPackets ? SUM_FIELDS.length : layout.sums;
  if (keys.size === layout.keys.length && sums === layout.sums) return layout;
  return rowLayout(Int32Array.from(keys).sort(), sums);
};

/** The word of a row where the low half of a sum stands. */
export const sumWord = (layout: RowLayout, sum: number): number =>
  sum < CORE_SUMS ? ROW_SUMS + 2 * sum : ROW_KEYS + layout.keys.length + 2 * (sum - CORE_SUMS);

/** For each word of `to` where it stands in `from`, or -1 where `from` has no such word: then it is NULL. */
export const wordMap = (from: RowLayout, to: RowLayout): Int32Array => {
  const map = new Int32Array(to.stride).fill(-1);
  for (let word = 0; word < ROW_KEYS; word++) map[word] = word;
  to.keys.forEach((column, i) => {
    const place = from.keys.indexOf(column);
    if (place >= 0) map[ROW_KEYS + i] = ROW_KEYS + place;
  });
  for (let sum = CORE_SUMS; sum < Math.min(from.sums, to.sums); sum++) {
    map[sumWord(to, sum)] = sumWord(from, sum);
    map[sumWord(to, sum) + 1] = sumWord(from, sum) + 1;
  }
  return map;
};

// Turns numbers past 32 bits into two words of a row and back: low half, high half, as Arrow and Parquet want them.
// NULL is -1 in both; no other value is negative.
import { NULL } from '../flow.ts';

const TWO_32 = 0x1_0000_0000;
const MAX_HIGH = 0x7fffffff;
/** Below this high word no value up to 2^53 - 1 can overflow a sum. */
const SAFE_HIGH = MAX_HIGH - (1 << 21);

/** Stores an integer up to 2^53 - 1, or NULL, in words `at` and `at + 1`. */
export const store = (words: Int32Array, at: number, value: number): void => {
  words[at] = value;
  words[at + 1] = Math.floor(value / TWO_32);
};

/** The value of two words that hold at most 2^53 - 1, or NULL. */
export const load = (words: Int32Array, at: number): number => words[at + 1] * TWO_32 + (words[at] >>> 0);

/** The value of two words, exactly, whatever it is; NULL is 0. */
export const loadExact = (words: Int32Array, at: number): bigint =>
  words[at + 1] === NULL ? 0n : (BigInt(words[at + 1]) << 32n) | BigInt(words[at] >>> 0);

/** Whether adding the value (or NULL) would pass 2^63 - 1. */
export const wouldOverflow = (words: Int32Array, at: number, value: number): boolean => {
  const high = words[at + 1];
  if (high < SAFE_HIGH || value === NULL) return false;
  const carry = (words[at] >>> 0) + (value >>> 0) >= TWO_32 ? 1 : 0;
  return high + Math.floor(value / TWO_32) + carry > MAX_HIGH;
};

/** Adds a value (or NULL) to a 64-bit sum; the first value replaces NULL. */
export const addTo = (words: Int32Array, at: number, value: number): void => {
  if (value === NULL) return;
  if (words[at + 1] === NULL) {
    store(words, at, value);
    return;
  }
  const low = (words[at] >>> 0) + (value >>> 0);
  words[at] = low;
  words[at + 1] += Math.floor(value / TWO_32) + (low >= TWO_32 ? 1 : 0);
};

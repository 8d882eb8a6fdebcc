// Turns a pool of byte strings into ranks in byte order: rounds of radix sort on eight bytes of every string that is
// still tied, so that a million strings need no comparison; only what is tied past 256 bytes is compared.
import { release } from './release.ts';

const ROUNDS = 32; // of 8 bytes each
const FEW = 512; // tied strings below which comparing is cheaper than a radix pass
const DIGITS = 1 << 16;

/** Where the bytes of each string lie. */
export interface StringBytes {
  /** What string `id` lies in, from `start(id)` on. */
  chunk(id: number): Uint8Array;
  start(id: number): number;
  /** Length in bytes. */
  length(id: number): number;
}

/**
 * The rank of each of the `size` strings (which must be distinct) in the order of their bytes, a prefix first.
 * Most significant eight bytes first, each round a least-significant-digit radix sort of 16-bit digits.
 */
export const byteOrderRanks = (strings: StringBytes, size: number): Int32Array => {
  const order = new Int32Array(size); // position -> id; ties stand together
  for (let i = 0; i < size; i++) order[i] = i;
  const group = new Int32Array(size); // position -> first position of its group of ties
  let tied: Int32Array = order.slice(); // the positions that are in a group of two or more, ascending
  for (let round = 0; round < ROUNDS && tied.length > FEW; round++)
    tied = sortRound(strings, order, group, tied, 8 * round);
  sortTies(strings, order, group, tied);
  const ranks = new Int32Array(size);
  for (let i = 0; i < size; i++) ranks[order[i]] = i;
  release(order, group, tied);
  return ranks;
};

/** Sorts the tied positions by (group, bytes depth … depth + 7) and returns the positions that are tied still. */
const sortRound = (
  strings: StringBytes,
  order: Int32Array,
  group: Int32Array,
  tied: Int32Array,
  depth: number,
): Int32Array => {
  const n = tied.length;
  const ids = new Int32Array(n);
  const groups = new Int32Array(n);
  const high = new Uint32Array(n);
  const low = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const id = order[tied[i]];
    ids[i] = id;
    groups[i] = group[tied[i]];
    const chunk = strings.chunk(id);
    const start = strings.start(id) + depth;
    const left = strings.length(id) - depth;
    high[i] = word(chunk, start, left);
    low[i] = word(chunk, start + 4, left - 4);
  }
  let sorted: Int32Array = new Int32Array(n);
  let spare: Int32Array = new Int32Array(n);
  for (let i = 0; i < n; i++) sorted[i] = i;
  const counts = new Int32Array(DIGITS + 1);
  for (const [key, shift] of [
    [low, 0],
    [low, 16],
    [high, 0],
    [high, 16],
    [groups, 0],
    [groups, 16],
  ] as const) {
    if (radixPass(key, shift, sorted, spare, counts)) [sorted, spare] = [spare, sorted];
  }
  let kept = 0;
  for (let i = 0; i < n; ) {
    const first = sorted[i];
    let j = i + 1;
    while (
      j < n &&
      groups[sorted[j]] === groups[first] &&
      high[sorted[j]] === high[first] &&
      low[sorted[j]] === low[first]
    )
      j++;
    const head = tied[i];
    for (let k = i; k < j; k++) {
      order[tied[k]] = ids[sorted[k]];
      group[tied[k]] = head;
    }
    if (j - i > 1) for (let k = i; k < j; k++) tied[kept++] = tied[k];
    i = j;
  }
  release(ids, groups, high, low, sorted, spare);
  return tied.subarray(0, kept);
};

/** Four bytes as a big-endian number; bytes past the end are 0. */
const word = (chunk: Uint8Array, at: number, left: number): number => {
  if (left >= 4) return ((chunk[at] << 24) | (chunk[at + 1] << 16) | (chunk[at + 2] << 8) | chunk[at + 3]) >>> 0;
  if (left <= 0) return 0;
  const second = left > 1 ? chunk[at + 1] << 16 : 0;
  const third = left > 2 ? chunk[at + 2] << 8 : 0;
  return ((chunk[at] << 24) | second | third) >>> 0;
};

/**
 * One stable counting-sort pass by bits shift … shift + 15 of `key`, from `from` into `to` (both hold indices of
 * `key`). Returns false, having moved nothing, when all have the same digit. `counts` holds 65,537 numbers.
 */
export const radixPass = (
  key: Uint32Array | Int32Array,
  shift: number,
  from: Int32Array,
  to: Int32Array,
  counts: Int32Array,
): boolean => {
  const n = from.length;
  counts.fill(0);
  for (let i = 0; i < n; i++) counts[((key[i] >>> shift) & 0xffff) + 1]++;
  if (n > 0 && counts[((key[0] >>> shift) & 0xffff) + 1] === n) return false;
  for (let d = 1; d < DIGITS; d++) counts[d] += counts[d - 1];
  for (let i = 0; i < n; i++) {
    const index = from[i];
    to[counts[(key[index] >>> shift) & 0xffff]++] = index;
  }
  return true;
};

const sortTies = (strings: StringBytes, order: Int32Array, group: Int32Array, tied: Int32Array): void => {
  for (let i = 0; i < tied.length; ) {
    let j = i + 1;
    while (j < tied.length && group[tied[j]] === group[tied[i]]) j++;
    // Groups of ties stand in a row, so `order` can be sorted in place between their ends.
    order.subarray(tied[i], tied[i] + (j - i)).sort((a, b) => compare(strings, a, b));
    i = j;
  }
};

const compare = (strings: StringBytes, a: number, b: number): number => {
  const startA = strings.start(a);
  const startB = strings.start(b);
  const slice = (id: number, start: number): Buffer => {
    const chunk = strings.chunk(id);
    return Buffer.from(chunk.buffer, chunk.byteOffset + start, strings.length(id));
  };
  return Buffer.compare(slice(a, startA), slice(b, startB));
};

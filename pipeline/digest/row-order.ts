// Turns the rows of a digest into their sorted order: by minute, then by every key column in table order, NULL first,
// texts by their UTF-8 bytes, numbers by value. A radix sort on dense ranks, several narrow columns packed into one
// 32-bit key, so that a million rows need no comparison.
import { KEY_FIELDS } from '../../schemas/columns.ts';
import { NULL } from '../flow.ts';
import { radixPass } from './byte-order.ts';
import { type Digest, SEGMENT_ROWS } from './digest.ts';
import { release } from './release.ts';
import { ROW_FLOWS, ROW_KEYS, ROW_MINUTE } from './row-layout.ts';

const LIMIT = 2 ** 32; // a packed key is below it

/** The row numbers of the digest, without removed ones, sorted. Least significant column first, each pass stable. */
export const sortedRows = (digest: Digest): Int32Array => {
  const n = digest.rows;
  const sorter = new PackedRadixSort(n);
  const values = new Int32Array(n);
  const { keys } = digest.layout;
  const ranks = digest.pool.ranks();
  const dense = new Int32Array(ranks.length);
  for (let i = keys.length - 1; i >= 0; i--) {
    copyWord(digest, ROW_KEYS + i, values);
    const range = KEY_FIELDS[keys[i]].kind === 'int32' ? numberCodes(values) : textCodes(values, ranks, dense);
    sorter.push(values, range);
  }
  copyWord(digest, ROW_MINUTE, values);
  sorter.push(values, numberCodes(values));
  copyWord(digest, ROW_FLOWS, values);
  const order = sorter.finish();
  const kept = values.includes(0) ? order.filter((row) => values[row] !== 0) : order;
  release(values, dense);
  return kept;
};

/** Copies one word of every row into `values`. */
const copyWord = (digest: Digest, word: number, values: Int32Array): void => {
  for (let s = 0; s < digest.segments; s++) {
    const { words, layout, map } = digest.segment(s);
    const first = s * SEGMENT_ROWS;
    const end = Math.min(values.length, first + SEGMENT_ROWS);
    const own = map === null ? word : map[word];
    if (own < 0) values.fill(NULL, first, end);
    else for (let row = first, at = own; row < end; row++, at += layout.stride) values[row] = words[at];
  }
};

/** Replaces values (NULL is -1) by their distance from the least one; returns how many codes there may be. */
const numberCodes = (values: Int32Array): number => {
  let min = 0x7fffffff;
  let max = -1;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < min) min = values[i];
    if (values[i] > max) max = values[i];
  }
  // The distance may take 32 bits; it is read back unsigned.
  for (let i = 0; i < values.length; i++) values[i] -= min;
  return max - min + 1;
};

/** Replaces string ids by dense ranks, NULL by 0; returns how many codes there are. `dense` is a scratch of ranks. */
const textCodes = (ids: Int32Array, ranks: Int32Array, dense: Int32Array): number => {
  dense.fill(0);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < 0) continue;
    ids[i] = ranks[ids[i]];
    dense[ids[i]] = 1;
  }
  let codes = 0;
  for (let rank = 0; rank < dense.length; rank++) if (dense[rank] === 1) dense[rank] = ++codes;
  for (let i = 0; i < ids.length; i++) ids[i] = ids[i] < 0 ? 0 : dense[ids[i]];
  return codes + 1;
};

/** Collects columns, least significant first, and sorts by as many at once as fit in 32 bits. */
class PackedRadixSort {
  readonly #packed: Uint32Array;
  readonly #counts = new Int32Array(65537);
  #scale = 1; // the product of the ranges that are packed already
  #order: Int32Array;
  #spare: Int32Array;

  constructor(rows: number) {
    this.#packed = new Uint32Array(rows);
    this.#order = new Int32Array(rows);
    this.#spare = new Int32Array(rows);
    for (let i = 0; i < rows; i++) this.#order[i] = i;
  }

  /** Adds a column of codes in [0, range). */
  push(codes: Int32Array, range: number): void {
    if (range <= 1) return;
    if (this.#scale * range > LIMIT) this.#flush();
    const packed = this.#packed;
    const scale = this.#scale;
    if (scale === 1) packed.set(codes);
    else for (let i = 0; i < packed.length; i++) packed[i] += codes[i] * scale;
    this.#scale = scale * range;
  }

  finish(): Int32Array {
    this.#flush();
    release(this.#packed, this.#spare);
    return this.#order;
  }

  #flush(): void {
    for (let shift = 0; shift < 32 && 2 ** shift < this.#scale; shift += 16) {
      if (radixPass(this.#packed, shift, this.#order, this.#spare, this.#counts)) {
        [this.#order, this.#spare] = [this.#spare, this.#order];
      }
    }
    this.#scale = 1;
  }
}

// Turns flows into merged minute rows: an open-addressing aggregation keyed by minute and the key words that are not
// NULL. Hot: one row is a run of words in a segment of typed memory, so that a line costs two or three cache misses,
// growing copies nothing but the hash table, and formats of few columns stay small. The plain version of it is in
// test/reference/digest.ts.
import { KEY_FIELDS, SUM_FIELDS } from '../schemas/columns.ts';
import { type Flow, NULL } from './flow.ts';
import { release } from './release.ts';
import type { StringPool } from './strings.ts';

/** Rows at which an epoch, or a piece of one, is cut: a constant of the layout that any worker can hold. */
export const MAX_DIGEST_ROWS = 1_000_000;
/** Bytes held by rows at which it is cut, for formats with many columns. */
export const MAX_DIGEST_BYTES = 128 * 1024 * 1024;

const SEGMENT_BITS = 12;
const SEGMENT_ROWS = 1 << SEGMENT_BITS;
const SEGMENT_MASK = SEGMENT_ROWS - 1;
const FIRST_SLOTS = 4096;

/** Words of a row: the minute, one word for each measure that fits in one, two (low, high) for each that does not. */
export const ROW_MINUTE = 0;
export const ROW_FLOWS = 1;
export const ROW_TCP_FLAGS = 2;
export const ROW_START = 3;
export const ROW_END = 5;
/** SUM_FIELDS[0] and [1], packets and bytes; the others, where a format brings them, stand after the keys. */
export const ROW_SUMS = 7;
/** The active key words, ascending by KEY_FIELDS index. */
export const ROW_KEYS = 11;

const CORE_SUMS = 2;
const TWO_32 = 0x1_0000_0000;
const MAX_HIGH = 0x7fffffff;
/** Below this high word no value up to 2^53 - 1 can overflow a sum. */
const SAFE_HIGH = MAX_HIGH - (1 << 21);
const MAX_FLOWS = 0x7fffffff;

/** How the words of a row are laid out; it only ever gains columns. */
export interface RowLayout {
  /** The KEY_FIELDS indices that rows have a word for, ascending; all other keys are NULL in every row. */
  readonly keys: Int32Array;
  /** How many of SUM_FIELDS rows have words for: 2, or all. */
  readonly sums: number;
  /** Words a row. */
  readonly stride: number;
}

/** The word of a row where the low half of a sum stands. */
export const sumWord = (layout: RowLayout, sum: number): number =>
  sum < CORE_SUMS ? ROW_SUMS + 2 * sum : ROW_KEYS + layout.keys.length + 2 * (sum - CORE_SUMS);

const layoutOf = (keys: Int32Array, sums: number): RowLayout => ({
  keys,
  sums,
  stride: ROW_KEYS + keys.length + 2 * (sums - CORE_SUMS),
});

/** Where salts make the same word in two columns hash differently; any odd, well-mixed numbers would do. */
const SALTS: Int32Array = Int32Array.from(KEY_FIELDS, (_, i) => Math.imul(i + 1, 0x9e3779b1));

/** The merged rows of one epoch, or of one piece of it. */
export class Digest {
  readonly pool: StringPool;
  #layout: RowLayout = layoutOf(new Int32Array(0), CORE_SUMS);
  #segments: Int32Array[] = [];
  #table: Int32Array = new Int32Array(2 * FIRST_SLOTS); // pairs: row + 1 (0: free), hash
  #mask = FIRST_SLOTS - 1;
  #rows = 0;
  readonly #hours = new Set<number>();
  /** The columns of the last flow, and for each word of it the place in `#keys`. */
  #columns: Int32Array = new Int32Array(0);
  #places: Int32Array = new Int32Array(0);
  /** The key words of the flow at hand, in the order of the layout. */
  #keys: Int32Array = new Int32Array(0);

  constructor(pool: StringPool) {
    this.pool = pool;
  }

  /** How many distinct rows. */
  get rows(): number {
    return this.#rows;
  }

  /** How many distinct hour partitions. */
  get hours(): number {
    return this.#hours.size;
  }

  /** Memory held by rows and their index, bytes; the pool's not included. */
  get bytes(): number {
    return this.#segments.length * SEGMENT_ROWS * this.#layout.stride * 4 + this.#table.byteLength;
  }

  get layout(): RowLayout {
    return this.#layout;
  }

  /** The typed memory in which a row stands; it begins at `rowOffset(row)`. */
  segment(row: number): Int32Array {
    return this.#segments[row >>> SEGMENT_BITS];
  }

  rowOffset(row: number): number {
    return (row & SEGMENT_MASK) * this.#layout.stride;
  }

  /**
   * Merges one flow into the row of its minute and keys. False, with nothing merged, when a sum would pass 2^63 - 1
   * (or `flows` 2^31 - 1).
   */
  add(flow: Flow): boolean {
    if (flow.columns !== this.#columns) this.#useColumns(flow.columns);
    if (this.#layout.sums === CORE_SUMS && hasLostPackets(flow)) this.#relayout(this.#layout.keys, SUM_FIELDS.length);
    const hash = this.#gather(flow);
    const table = this.#table;
    const mask = this.#mask;
    let slot = hash & mask;
    for (;;) {
      const row = table[2 * slot] - 1;
      if (row < 0) {
        this.#insert(flow, hash, slot);
        return true;
      }
      if (table[2 * slot + 1] === hash && this.#matches(row, flow.minute)) return this.#merge(row, flow);
      slot = (slot + 1) & mask;
    }
  }

  /** Puts the flow's key words in layout order into `#keys` and hashes those that are not NULL. */
  #gather(flow: Flow): number {
    const columns = this.#columns;
    const places = this.#places;
    const words = flow.keys;
    const keys = this.#keys;
    let h = Math.imul(flow.minute, 0x85ebca6b);
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i];
      const word = words[column];
      keys[places[i]] = word;
      // NULL leaves the hash alone, so that it does not depend on which columns a format has.
      if (word !== NULL) {
        h = Math.imul(h ^ Math.imul(word + SALTS[column], 0xcc9e2d51), 0x1b873593);
        h ^= h >>> 15;
      }
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  }

  #matches(row: number, minute: number): boolean {
    const segment = this.#segments[row >>> SEGMENT_BITS];
    const at = (row & SEGMENT_MASK) * this.#layout.stride;
    if (segment[at + ROW_MINUTE] !== minute) return false;
    const keys = this.#keys;
    const from = at + ROW_KEYS;
    for (let i = 0; i < keys.length; i++) if (segment[from + i] !== keys[i]) return false;
    return true;
  }

  #insert(flow: Flow, hash: number, slot: number): void {
    const row = this.#rows++;
    const { stride, sums } = this.#layout;
    if (row >>> SEGMENT_BITS === this.#segments.length) this.#segments.push(new Int32Array(SEGMENT_ROWS * stride));
    const segment = this.#segments[row >>> SEGMENT_BITS];
    const at = (row & SEGMENT_MASK) * stride;
    segment[at + ROW_MINUTE] = flow.minute;
    segment[at + ROW_FLOWS] = 1;
    segment[at + ROW_TCP_FLAGS] = flow.tcpFlags;
    store(segment, at + ROW_START, flow.start);
    store(segment, at + ROW_END, flow.end);
    for (let i = 0; i < this.#keys.length; i++) segment[at + ROW_KEYS + i] = this.#keys[i];
    for (let i = 0; i < sums; i++) store(segment, at + sumWord(this.#layout, i), flow.sums[i]);
    this.#table[2 * slot] = row + 1;
    this.#table[2 * slot + 1] = hash;
    this.#hours.add(Math.floor(flow.minute / 60));
    if (2 * this.#rows > this.#mask) this.#growTable();
  }

  #merge(row: number, flow: Flow): boolean {
    const layout = this.#layout;
    const segment = this.#segments[row >>> SEGMENT_BITS];
    const at = (row & SEGMENT_MASK) * layout.stride;
    const sums = flow.sums;
    const packets = at + ROW_SUMS;
    const bytes = packets + 2;
    if (segment[at + ROW_FLOWS] === MAX_FLOWS) return false;
    if (wouldOverflow(segment, packets, sums[0]) || wouldOverflow(segment, bytes, sums[1])) return false;
    if (layout.sums > CORE_SUMS && !this.#mergeLostPackets(segment, at, sums)) return false;
    addTo(segment, packets, sums[0]);
    addTo(segment, bytes, sums[1]);
    segment[at + ROW_FLOWS]++;
    const tcpFlags = flow.tcpFlags;
    if (tcpFlags !== NULL) {
      const flags = segment[at + ROW_TCP_FLAGS];
      segment[at + ROW_TCP_FLAGS] = flags === NULL ? tcpFlags : flags | tcpFlags;
    }
    const start = flow.start;
    if (start !== NULL) {
      const earliest = load(segment, at + ROW_START);
      if (start < earliest || earliest === NULL) store(segment, at + ROW_START, start);
    }
    const end = flow.end;
    if (end > load(segment, at + ROW_END)) store(segment, at + ROW_END, end);
    return true;
  }

  /** All of them, or none when one would overflow. */
  #mergeLostPackets(segment: Int32Array, at: number, sums: Float64Array): boolean {
    const first = at + sumWord(this.#layout, CORE_SUMS);
    for (let i = CORE_SUMS, word = first; i < sums.length; i++, word += 2) {
      if (wouldOverflow(segment, word, sums[i])) return false;
    }
    for (let i = CORE_SUMS, word = first; i < sums.length; i++, word += 2) addTo(segment, word, sums[i]);
    return true;
  }

  /** Makes room for the columns of a format that the layout does not have yet. */
  #useColumns(columns: Int32Array): void {
    const union = new Set(this.#layout.keys);
    for (const column of columns) union.add(column);
    if (union.size > this.#layout.keys.length) {
      this.#relayout(Int32Array.from(union).sort(), this.#layout.sums);
    }
    const { keys } = this.#layout;
    this.#columns = columns;
    this.#places = columns.map((column) => keys.indexOf(column));
    this.#keys = new Int32Array(keys.length).fill(NULL);
  }

  /** Rewrites the rows, one segment at a time, so that at most one is held twice. */
  #relayout(keys: Int32Array, sums: number): void {
    const old = this.#layout;
    const next = layoutOf(keys, sums);
    const places = old.keys.map((column) => keys.indexOf(column));
    for (let s = 0; s < this.#segments.length; s++) {
      const from = this.#segments[s];
      const to = new Int32Array(SEGMENT_ROWS * next.stride).fill(NULL);
      const rows = Math.min(SEGMENT_ROWS, this.#rows - s * SEGMENT_ROWS);
      for (let r = 0; r < rows; r++) {
        const a = r * old.stride;
        const b = r * next.stride;
        for (let i = 0; i < ROW_KEYS; i++) to[b + i] = from[a + i];
        for (let i = 0; i < places.length; i++) to[b + ROW_KEYS + places[i]] = from[a + ROW_KEYS + i];
        for (let i = CORE_SUMS; i < old.sums; i++) {
          to[b + sumWord(next, i)] = from[a + sumWord(old, i)];
          to[b + sumWord(next, i) + 1] = from[a + sumWord(old, i) + 1];
        }
      }
      release(from);
      this.#segments[s] = to;
    }
    this.#layout = next;
  }

  #growTable(): void {
    const old = this.#table;
    const table = new Int32Array(2 * old.length);
    const mask = old.length - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      let slot = old[i + 1] & mask;
      while (table[2 * slot] !== 0) slot = (slot + 1) & mask;
      table[2 * slot] = old[i];
      table[2 * slot + 1] = old[i + 1];
    }
    release(old);
    this.#table = table;
    this.#mask = mask;
  }
}

const hasLostPackets = (flow: Flow): boolean => {
  for (let i = CORE_SUMS; i < SUM_FIELDS.length; i++) if (flow.sums[i] !== NULL) return true;
  return false;
};

/** An integer up to 2^53 - 1, or NULL, as two words; NULL is -1 in both. */
const store = (segment: Int32Array, at: number, value: number): void => {
  segment[at] = value;
  segment[at + 1] = Math.floor(value / TWO_32);
};

/** The value of two words that hold at most 2^53 - 1, or NULL. */
const load = (segment: Int32Array, at: number): number => segment[at + 1] * TWO_32 + (segment[at] >>> 0);

const wouldOverflow = (segment: Int32Array, at: number, value: number): boolean => {
  const high = segment[at + 1];
  if (high < SAFE_HIGH || value === NULL) return false;
  const carry = (segment[at] >>> 0) + (value >>> 0) >= TWO_32 ? 1 : 0;
  return high + Math.floor(value / TWO_32) + carry > MAX_HIGH;
};

/** Adds to a 64-bit sum in two words; the first value replaces NULL. */
const addTo = (segment: Int32Array, at: number, value: number): void => {
  if (value === NULL) return;
  if (segment[at + 1] === NULL) {
    store(segment, at, value);
    return;
  }
  const low = (segment[at] >>> 0) + (value >>> 0);
  segment[at] = low;
  segment[at + 1] += Math.floor(value / TWO_32) + (low >= TWO_32 ? 1 : 0);
};

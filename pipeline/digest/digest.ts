// Turns flows into merged minute rows: an open-addressing aggregation keyed by minute and the key words that are not
// NULL. Hot: one row is a run of words in a segment of typed memory, so that a line costs two or three cache misses and
// growing copies nothing but the hash table. The plain version of it is in test/reference/digest.ts.
import { KEY_FIELDS } from '../../schemas/columns.ts';
import { type Flow, NULL } from '../flow.ts';
import { hasLostPackets, mergeLostPackets } from './lost-packets.ts';
import { release } from './release.ts';
import {
  CORE_SUMS,
  NARROWEST,
  ROW_END,
  ROW_FLOWS,
  ROW_KEYS,
  ROW_MINUTE,
  ROW_START,
  ROW_SUMS,
  ROW_TCP_FLAGS,
  type RowLayout,
  sumWord,
  widened,
  wordMap,
} from './row-layout.ts';
import type { StringPool } from './strings.ts';
import { addTo, load, store, wouldOverflow } from './wide-words.ts';

/** Rows at which an epoch, or a piece of one, is cut: a constant of the layout that any worker can hold. */
export const MAX_DIGEST_ROWS = 1_000_000;
/** Bytes held by rows at which it is cut, for formats with many columns. A million rows of version 2 stay below it. */
export const MAX_DIGEST_BYTES = 96 * 1024 * 1024;

const SEGMENT_BITS = 12;
/** Rows of every segment but the last. */
export const SEGMENT_ROWS = 1 << SEGMENT_BITS;
const SEGMENT_MASK = SEGMENT_ROWS - 1;
const FIRST_SLOTS = 4096;
const MAX_FLOWS = 0x7fffffff;

/** What makes the same word in two columns hash differently: any odd, well-mixed numbers would do. */
const SALTS: Int32Array = Int32Array.from(KEY_FIELDS, (_, i) => Math.imul(i + 1, 0x9e3779b1));

/**
 * 4,096 rows. A full segment keeps the layout that it was filled in when a format brings new columns later: their
 * words would be NULL in all of its rows, and rewriting a million rows for one wide line would take all memory.
 */
interface Segment {
  words: Int32Array;
  layout: RowLayout;
  /** From words of the digest's layout to this segment's; null while they are the same. */
  map: Int32Array | null;
}

/** The merged rows of one epoch, or of one piece of it. */
export class Digest {
  readonly pool: StringPool;
  #layout: RowLayout = NARROWEST;
  readonly #segments: Segment[] = [];
  #segmentBytes = 0;
  #table: Int32Array = new Int32Array(2 * FIRST_SLOTS); // pairs: row + 1 (0: free), hash
  #mask = FIRST_SLOTS - 1;
  #rows = 0;
  readonly #hours = new Set<number>();
  /** The columns of the last flow, and for each of them its place in `#keys`. */
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
    return this.#segmentBytes + this.#table.byteLength;
  }

  /** The layout that has every column of every row. */
  get layout(): RowLayout {
    return this.#layout;
  }

  /** How many segments: row r is row r % SEGMENT_ROWS of segment r / SEGMENT_ROWS. */
  get segments(): number {
    return this.#segments.length;
  }

  /** A segment's rows, one after the other in its own layout, with the map from `layout` (null: it is the same). */
  segment(index: number): Readonly<Segment> {
    return this.#segments[index];
  }

  /** The minute of a row, Unix seconds / 60. */
  minute(row: number): number {
    const { words, layout } = this.#segments[row >>> SEGMENT_BITS];
    return words[(row & SEGMENT_MASK) * layout.stride + ROW_MINUTE];
  }

  /** Copies the words of a row, in `layout`, to `to` from `at` on. */
  copyRow(row: number, to: Int32Array, at: number): void {
    const { words, layout, map } = this.#segments[row >>> SEGMENT_BITS];
    const from = (row & SEGMENT_MASK) * layout.stride;
    const { stride } = this.#layout;
    if (map === null) for (let i = 0; i < stride; i++) to[at + i] = words[from + i];
    else for (let i = 0; i < stride; i++) to[at + i] = map[i] < 0 ? NULL : words[from + map[i]];
  }

  /**
   * Merges one flow into the row of its minute and keys. False, with nothing merged, when a sum would pass 2^63 - 1
   * (or `flows` 2^31 - 1).
   */
  add(flow: Flow): boolean {
    if (flow.columns !== this.#columns) this.#useColumns(flow.columns);
    if (this.#layout.sums === CORE_SUMS && hasLostPackets(flow))
      this.#widen(widened(this.#layout, this.#columns, true));
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

  /** Empties the digest and gives its memory back at once, not when it is collected. */
  clear(): void {
    release(this.#table, ...this.#segments.map((segment) => segment.words));
    this.#table = new Int32Array(2 * FIRST_SLOTS);
    this.#mask = FIRST_SLOTS - 1;
    this.#segments.length = 0;
    this.#segmentBytes = 0;
    this.#rows = 0;
    this.#hours.clear();
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
    const { words, layout, map } = this.#segments[row >>> SEGMENT_BITS];
    const at = (row & SEGMENT_MASK) * layout.stride;
    if (words[at + ROW_MINUTE] !== minute) return false;
    const keys = this.#keys;
    if (map === null) {
      const from = at + ROW_KEYS;
      for (let i = 0; i < keys.length; i++) if (words[from + i] !== keys[i]) return false;
      return true;
    }
    for (let i = 0; i < keys.length; i++) {
      const word = map[ROW_KEYS + i];
      if ((word < 0 ? NULL : words[at + word]) !== keys[i]) return false;
    }
    return true;
  }

  #insert(flow: Flow, hash: number, slot: number): void {
    const row = this.#rows++;
    const layout = this.#layout;
    if (row >>> SEGMENT_BITS === this.#segments.length) {
      const words = new Int32Array(SEGMENT_ROWS * layout.stride);
      this.#segments.push({ words, layout, map: null });
      this.#segmentBytes += words.byteLength;
    }
    const { words } = this.#segments[row >>> SEGMENT_BITS];
    const at = (row & SEGMENT_MASK) * layout.stride;
    words[at + ROW_MINUTE] = flow.minute;
    words[at + ROW_FLOWS] = 1;
    words[at + ROW_TCP_FLAGS] = flow.tcpFlags;
    store(words, at + ROW_START, flow.start);
    store(words, at + ROW_END, flow.end);
    for (let i = 0; i < this.#keys.length; i++) words[at + ROW_KEYS + i] = this.#keys[i];
    for (let i = 0; i < layout.sums; i++) store(words, at + sumWord(layout, i), flow.sums[i]);
    this.#table[2 * slot] = row + 1;
    this.#table[2 * slot + 1] = hash;
    this.#hours.add(Math.floor(flow.minute / 60));
    if (2 * this.#rows > this.#mask) this.#growTable();
  }

  #merge(row: number, flow: Flow): boolean {
    const segment = this.#segments[row >>> SEGMENT_BITS];
    const { words, layout } = segment;
    const at = (row & SEGMENT_MASK) * layout.stride;
    const sums = flow.sums;
    const packets = at + ROW_SUMS;
    const bytes = packets + 2;
    if (words[at + ROW_FLOWS] === MAX_FLOWS) return false;
    if (wouldOverflow(words, packets, sums[0]) || wouldOverflow(words, bytes, sums[1])) return false;
    if (this.#layout.sums > CORE_SUMS && hasLostPackets(flow)) {
      if (layout.sums === CORE_SUMS) {
        this.#rewrite(segment);
        return this.#merge(row, flow);
      }
      if (!mergeLostPackets(words, at + sumWord(layout, CORE_SUMS), sums)) return false;
    }
    addTo(words, packets, sums[0]);
    addTo(words, bytes, sums[1]);
    words[at + ROW_FLOWS]++;
    const tcpFlags = flow.tcpFlags;
    if (tcpFlags !== NULL) {
      const flags = words[at + ROW_TCP_FLAGS];
      words[at + ROW_TCP_FLAGS] = flags === NULL ? tcpFlags : flags | tcpFlags;
    }
    const start = flow.start;
    if (start !== NULL) {
      const earliest = load(words, at + ROW_START);
      if (start < earliest || earliest === NULL) store(words, at + ROW_START, start);
    }
    const end = flow.end;
    if (end > load(words, at + ROW_END)) store(words, at + ROW_END, end);
    return true;
  }

  /** Makes room for the columns of a format that the layout does not have yet. */
  #useColumns(columns: Int32Array): void {
    this.#widen(widened(this.#layout, columns, false));
    const { keys } = this.#layout;
    this.#columns = columns;
    this.#places = columns.map((column) => keys.indexOf(column));
    this.#keys = new Int32Array(keys.length).fill(NULL);
  }

  /** Goes on with a wider layout: full segments are mapped to it, the last one is rewritten if it has room left. */
  #widen(layout: RowLayout): void {
    if (layout === this.#layout) return;
    this.#layout = layout;
    for (const segment of this.#segments) segment.map = wordMap(segment.layout, layout);
    if ((this.#rows & SEGMENT_MASK) !== 0) this.#rewrite(this.#segments[this.#segments.length - 1]);
  }

  /** Rewrites a segment's rows in the digest's layout. */
  #rewrite(segment: Segment): void {
    const { words: from, layout, map } = segment;
    if (map === null) return;
    const { stride } = this.#layout;
    const to = new Int32Array(SEGMENT_ROWS * stride);
    for (let row = 0; row < SEGMENT_ROWS; row++) {
      const a = row * layout.stride;
      const b = row * stride;
      for (let i = 0; i < stride; i++) to[b + i] = map[i] < 0 ? NULL : from[a + map[i]];
    }
    this.#segmentBytes += to.byteLength - from.byteLength;
    segment.words = to;
    segment.layout = this.#layout;
    segment.map = null;
    release(from);
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

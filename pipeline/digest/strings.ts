// Turns byte strings into small integers and back: the interned strings of one epoch. Hot, so the table is open
// addressing over typed arrays and nothing is allocated for a string that is already there.
import { isUtf8 } from 'node:buffer';
import { byteOrderRanks, type StringBytes } from './byte-order.ts';
import { release } from './release.ts';

/** A string lies in one chunk; a longer one (a line has at most 64 KiB) gets a chunk of its own. */
const CHUNK_BITS = 18;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_BYTES - 1;
const FIRST_CAPACITY = 1024; // strings

/** Interned byte strings; ids are 0, 1, 2 … in order of first appearance; append only. */
export class StringPool implements StringBytes {
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #next = 0; // offset of the next free byte: chunk << CHUNK_BITS | offset
  #limit = 0; // end of the current chunk
  #capacity = FIRST_CAPACITY;
  #offsets: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  #lengths: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  #mask = 2 * FIRST_CAPACITY - 1;
  #table: Int32Array = new Int32Array(4 * FIRST_CAPACITY); // pairs: id + 1 (0: free), hash
  #size = 0;
  #released = false;
  #ranks: Int32Array = new Int32Array(0);

  /** How many strings. */
  get size(): number {
    return this.#size;
  }

  /** Memory held, bytes. */
  get bytes(): number {
    return (
      this.#chunkBytes +
      this.#offsets.byteLength +
      this.#lengths.byteLength +
      this.#table.byteLength +
      this.#ranks.byteLength
    );
  }

  /**
   * The id of the UTF-8 bytes `buf[start, end)`. Equal bytes have equal ids. What is not UTF-8 is kept as the text that
   * a decoder makes of it (U+FFFD), because a Parquet STRING may hold nothing else.
   */
  intern(buf: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(buf, start, end);
    const length = end - start;
    const table = this.#table;
    const mask = this.#mask;
    let slot = hash & mask;
    for (;;) {
      const id = table[2 * slot] - 1;
      if (id < 0) return this.#insert(buf, start, length, hash, slot);
      if (table[2 * slot + 1] === hash && this.#lengths[id] === length && this.#equals(id, buf, start, length)) {
        return id;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** The id of a text. */
  internText(text: string): number {
    const bytes = Buffer.from(text, 'utf8');
    return this.intern(bytes, 0, bytes.length);
  }

  text(id: number): string {
    const start = this.start(id);
    const chunk = this.chunk(id);
    return Buffer.from(chunk.buffer, chunk.byteOffset + start, this.length(id)).toString('utf8');
  }

  /** The bytes in which string `id` lies, from `start(id)`. */
  chunk(id: number): Uint8Array {
    return this.#chunks[this.#offsets[id] >>> CHUNK_BITS];
  }

  start(id: number): number {
    return this.#offsets[id] & CHUNK_MASK;
  }

  /** Length in bytes. */
  length(id: number): number {
    return this.#lengths[id];
  }

  /** The rank of each id in byte order, which for UTF-8 is code point order. Valid until the next new string. */
  ranks(): Int32Array {
    if (this.#ranks.length !== this.#size) this.#ranks = byteOrderRanks(this, this.#size);
    return this.#ranks;
  }

  /**
   * Gives the memory back at once, not when it is collected. Ids mean nothing any more, and nothing can be added:
   * whoever remembers ids of this pool would mix them up with new ones.
   */
  release(): void {
    release(this.#offsets, this.#lengths, this.#table, this.#ranks, ...this.#chunks);
    this.#released = true;
    this.#table = new Int32Array(4);
    this.#mask = 1;
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#size = 0;
  }

  #equals(id: number, buf: Uint8Array, start: number, length: number): boolean {
    const offset = this.#offsets[id];
    const chunk = this.#chunks[offset >>> CHUNK_BITS];
    const from = offset & CHUNK_MASK;
    for (let i = 0; i < length; i++) if (chunk[from + i] !== buf[start + i]) return false;
    return true;
  }

  #insert(buf: Uint8Array, start: number, length: number, hash: number, slot: number): number {
    if (this.#released) throw new Error('a string came for a pool that was released');
    if (!isText(buf, start, length))
      return this.internText(Buffer.from(buf.subarray(start, start + length)).toString());
    const id = this.#size++;
    if (id === this.#capacity) {
      this.#grow();
      slot = hash & this.#mask;
      while (this.#table[2 * slot] !== 0) slot = (slot + 1) & this.#mask;
    }
    const chunk = this.#reserve(length);
    const from = this.#next & CHUNK_MASK;
    for (let i = 0; i < length; i++) chunk[from + i] = buf[start + i];
    this.#offsets[id] = this.#next;
    this.#lengths[id] = length;
    this.#table[2 * slot] = id + 1;
    this.#table[2 * slot + 1] = hash;
    this.#next += length;
    return id;
  }

  /** The chunk that has room for `length` more bytes at `#next`. */
  #reserve(length: number): Uint8Array {
    if (this.#chunks.length === 0 || this.#next + length > this.#limit) {
      // The first chunk is small: most pools of a quiet shard never need a second one.
      const bytes = Math.max(length, this.#chunks.length === 0 ? CHUNK_BYTES / 16 : CHUNK_BYTES);
      this.#next = this.#chunks.length * CHUNK_BYTES;
      this.#limit = this.#next + Math.min(bytes, CHUNK_BYTES - 1);
      this.#chunks.push(new Uint8Array(bytes));
      this.#chunkBytes += bytes;
    }
    return this.#chunks[this.#chunks.length - 1];
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#offsets = grown(this.#offsets, this.#capacity);
    this.#lengths = grown(this.#lengths, this.#capacity);
    const old = this.#table;
    const table = new Int32Array(4 * this.#capacity);
    const mask = 2 * this.#capacity - 1;
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

const grown = (old: Uint32Array, capacity: number): Uint32Array => {
  const next = new Uint32Array(capacity);
  next.set(old);
  release(old);
  return next;
};

const isText = (buf: Uint8Array, start: number, length: number): boolean => {
  for (let i = 0; i < length; i++) if (buf[start + i] >= 0x80) return isUtf8(buf.subarray(start, start + length));
  return true;
};

/** 32-bit hash, four bytes a step (MurmurHash3 x86_32 mixing, seeded with the length). */
const hashBytes = (buf: Uint8Array, start: number, end: number): number => {
  let h = (end - start) ^ 0x9747b28c;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    let k = Math.imul(buf[i] | (buf[i + 1] << 8) | (buf[i + 2] << 16) | (buf[i + 3] << 24), 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h ^= k;
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (; i < end; i++) tail = (tail << 8) | buf[i];
  tail = Math.imul(tail, 0xcc9e2d51);
  h ^= Math.imul((tail << 15) | (tail >>> 17), 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
};

// Turns the string ids of a column into codes and a sorted dictionary of just the strings that occur, so that equal
// rows give equal bytes whatever else the pool holds.
import { type Data, makeData, Utf8 } from 'apache-arrow';
import type { StringPool } from '../digest/strings.ts';

/** Past this share of the pool a scan over all ranks is cheaper than sorting the ones that occur. */
const SCAN_SHARE = 1 / 32;

/** Makes dictionaries of one pool; holds the scratch memory for it, two numbers a string. */
export class Dictionaries {
  readonly #pool: StringPool;
  readonly #ranks: Int32Array;
  readonly #ids: Int32Array; // by rank
  readonly #codes: Int32Array; // by rank: code + 1, or 0 when the string does not occur; all 0 between calls

  constructor(pool: StringPool) {
    this.#pool = pool;
    this.#ranks = pool.ranks();
    this.#ids = new Int32Array(this.#ranks.length);
    this.#codes = new Int32Array(this.#ranks.length);
    for (let id = 0; id < this.#ranks.length; id++) this.#ids[this.#ranks[id]] = id;
  }

  /** Replaces ids by codes in place (NULL becomes code 0 below the validity bitmap) and returns the dictionary. */
  encode(ids: Int32Array): Data<Utf8> {
    const ranks = this.#ranks;
    const codes = this.#codes;
    let distinct = 0;
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] < 0) continue;
      const rank = ranks[ids[i]];
      ids[i] = rank;
      if (codes[rank] === 0) {
        codes[rank] = 1;
        distinct++;
      }
    }
    const used = this.#used(ids, distinct); // `ids` holds ranks by now
    for (let code = 0; code < distinct; code++) codes[used[code]] = code + 1;
    for (let i = 0; i < ids.length; i++) ids[i] = ids[i] < 0 ? 0 : codes[ids[i]] - 1;
    for (let code = 0; code < distinct; code++) codes[used[code]] = 0;
    return this.#texts(used);
  }

  /** The marked ones of these ranks, ascending. */
  #used(ranks: Int32Array, distinct: number): Int32Array {
    const used = new Int32Array(distinct);
    const codes = this.#codes;
    let n = 0;
    if (distinct > codes.length * SCAN_SHARE) {
      for (let rank = 0; n < distinct; rank++) if (codes[rank] !== 0) used[n++] = rank;
      return used;
    }
    for (let i = 0; n < distinct; i++) {
      const rank = ranks[i];
      if (rank < 0 || codes[rank] !== 1) continue;
      codes[rank] = 2; // taken
      used[n++] = rank;
    }
    return used.sort();
  }

  #texts(used: Int32Array): Data<Utf8> {
    const pool = this.#pool;
    const valueOffsets = new Int32Array(used.length + 1);
    for (let i = 0; i < used.length; i++) valueOffsets[i + 1] = valueOffsets[i] + pool.length(this.#ids[used[i]]);
    const data = new Uint8Array(valueOffsets[used.length]);
    for (let i = 0; i < used.length; i++) {
      const id = this.#ids[used[i]];
      const chunk = pool.chunk(id);
      let at = pool.start(id);
      for (let to = valueOffsets[i], end = valueOffsets[i + 1]; to < end; to++, at++) data[to] = chunk[at];
    }
    return makeData({ type: new Utf8(), length: used.length, nullCount: 0, valueOffsets, data });
  }
}

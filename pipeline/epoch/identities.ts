// Which envelopes a shard has merged: recognises a redelivered one, and a re-batched one by its overlapping id range.
import { createHash } from 'node:crypto';
import type { DuplicateFilter, EnvelopeIdentity } from '../decode/decode-target.ts';
import { compareSequences } from './sequence.ts';

/** A record is a duplicate only of an identity at most this much older by arrival … */
export const IDENTITY_WINDOW = (2 * 60 + 15) * 60_000; // ms
/** … and among this many last identities of the shard. */
export const IDENTITY_LIMIT = 1_000_000;
/** How many envelopes of a log stream an id range is compared with. */
const RANGES_KEPT = 4;

/** One merged envelope, or one record with an identity of its own (then the id range is empty). */
export interface Identity {
  readonly hash: Buffer; // 16 bytes: the whole identity
  readonly prefix: Buffer; // 8 bytes: what is known at its first event
  readonly logStream: Buffer; // 8 bytes: owner, log group, log stream
  readonly firstId: string; // '' where there is no id range
  readonly lastId: string;
  readonly sequence: string; // position
  readonly arrival: number; // ms
}

const digest = (length: number, ...parts: readonly string[]): Buffer => {
  const hash = createHash('sha256');
  // Lengths before texts: two different lists of parts never give the same bytes.
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest().subarray(0, length);
};

const EMPTY = -1;

/**
 * Open addressing from 64 bits to the ordinal of the latest identity that has them. Ordinals that have left the window
 * are dropped when the table is rebuilt, so it never holds more than twice the limit.
 */
class OrdinalTable {
  #slots = new Int32Array(1 << 10).fill(EMPTY); // ordinal mod 2^31
  #high = new Int32Array(1 << 10);
  #low = new Int32Array(1 << 10);
  #used = 0;

  find(high: number, low: number): number {
    const slot = this.#slot(high, low);
    return this.#slots[slot]!;
  }

  set(high: number, low: number, ordinal: number, oldest: number): void {
    if (this.#used * 2 >= this.#slots.length) this.#rebuild(oldest);
    const slot = this.#slot(high, low);
    if (this.#slots[slot] === EMPTY) this.#used++;
    this.#slots[slot] = ordinal;
    this.#high[slot] = high;
    this.#low[slot] = low;
  }

  #slot(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    let slot = (high ^ Math.imul(low, 0x9e3779b1)) & mask;
    while (this.#slots[slot] !== EMPTY && (this.#high[slot] !== high || this.#low[slot] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #rebuild(oldest: number): void {
    const [slots, highs, lows] = [this.#slots, this.#high, this.#low];
    let live = 0;
    for (const ordinal of slots) if (ordinal >= oldest) live++;
    let size = 1 << 10;
    while (size < live * 4) size *= 2;
    this.#slots = new Int32Array(size).fill(EMPTY);
    this.#high = new Int32Array(size);
    this.#low = new Int32Array(size);
    this.#used = live;
    for (let i = 0; i < slots.length; i++) {
      if (slots[i]! < oldest) continue;
      const slot = this.#slot(highs[i]!, lows[i]!);
      this.#slots[slot] = slots[i]!;
      this.#high[slot] = highs[i]!;
      this.#low[slot] = lows[i]!;
    }
  }
}

interface IdRange {
  readonly first: string;
  readonly last: string;
  readonly arrival: number; // ms
  readonly ordinal: number;
}

/**
 * The identities of a shard (or of one object) in the order of their positions. What it answers depends on those
 * positions and arrivals alone, so every worker that loaded the same epochs decides alike.
 */
export class IdentityWindow implements DuplicateFilter {
  readonly #byHash = new OrdinalTable();
  readonly #byPrefix = new OrdinalTable();
  /** Blocks of 65,536 ordinals; null once all of a block is out of reach. */
  readonly #blocks: ({ readonly arrivals: Float64Array; readonly tails: BigInt64Array } | null)[] = [];
  readonly #ranges = new Map<string, readonly IdRange[]>();
  #next = 0; // ordinal of the next identity
  #sequence = '0';
  #arrival = 0;
  #added: Identity[] = [];
  readonly #limit: number;

  /** @param limit how many of the last identities are in reach. */
  constructor(limit = IDENTITY_LIMIT) {
    this.#limit = limit;
  }

  /** Says where the record lies whose envelopes are asked about and remembered from now on. */
  at(sequence: string, arrival: number): void {
    this.#sequence = sequence;
    this.#arrival = arrival;
  }

  /** What was remembered since the last call, in order: the identities of one epoch. */
  take(): readonly Identity[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }

  /** Loads the identities of a committed epoch; epochs must come in the order of their positions. */
  load(identities: readonly Identity[]): void {
    for (const identity of identities) this.#insert(identity);
  }

  maybe(owner: string, logGroup: string, logStream: string, firstId: string): boolean {
    return this.#within(this.#byPrefix, digest(8, 'envelope', owner, logGroup, logStream, firstId)) !== null;
  }

  isDuplicate(identity: EnvelopeIdentity): boolean {
    return this.#holds(hashOf(identity));
  }

  remember(identity: EnvelopeIdentity): boolean {
    const { owner, logGroup, logStream, firstId, lastId } = identity;
    const entry: Identity = {
      hash: hashOf(identity),
      prefix: digest(8, 'envelope', owner, logGroup, logStream, firstId),
      logStream: digest(8, 'stream', owner, logGroup, logStream),
      ...rangeOf(firstId, lastId),
      sequence: this.#sequence,
      arrival: this.#arrival,
    };
    this.#added.push(entry);
    return this.#insert(entry);
  }

  isDuplicateKey(key: string): boolean {
    return this.#holds(digest(16, 'key', key));
  }

  rememberKey(key: string): void {
    const hash = digest(16, 'key', key);
    const entry: Identity = {
      hash,
      prefix: hash.subarray(0, 8),
      logStream: Buffer.alloc(8),
      firstId: '',
      lastId: '',
      sequence: this.#sequence,
      arrival: this.#arrival,
    };
    this.#added.push(entry);
    this.#insert(entry);
  }

  #holds(hash: Buffer): boolean {
    return this.#within(this.#byHash, hash) === hash.readBigInt64LE(8);
  }

  /** The second half of the latest hash that begins like this one and is in reach; null when there is none. */
  #within(table: OrdinalTable, hash: Buffer): bigint | null {
    const ordinal = table.find(hash.readInt32LE(0), hash.readInt32LE(4));
    if (ordinal === EMPTY || ordinal < this.#next - this.#limit) return null;
    const block = this.#blocks[ordinal >>> 16];
    if (block === null || block === undefined) return null;
    if (this.#arrival - block.arrivals[ordinal & 0xffff]! > IDENTITY_WINDOW) return null;
    return block.tails[ordinal & 0xffff]!;
  }

  #insert(entry: Identity): boolean {
    const ordinal = this.#next++;
    const oldest = Math.max(0, this.#next - this.#limit);
    if ((ordinal & 0xffff) === 0) {
      this.#blocks.push({ arrivals: new Float64Array(0x10000), tails: new BigInt64Array(0x10000) });
      // Blocks out of reach give their memory back.
      for (let i = (oldest >>> 16) - 1; i >= 0 && this.#blocks[i] !== null; i--) this.#blocks[i] = null;
    }
    const block = this.#blocks[ordinal >>> 16]!;
    block.arrivals[ordinal & 0xffff] = entry.arrival;
    block.tails[ordinal & 0xffff] = entry.hash.readBigInt64LE(8);
    this.#byHash.set(entry.hash.readInt32LE(0), entry.hash.readInt32LE(4), ordinal, oldest);
    this.#byPrefix.set(entry.prefix.readInt32LE(0), entry.prefix.readInt32LE(4), ordinal, oldest);
    return entry.firstId !== '' && this.#overlaps(entry, ordinal);
  }

  #overlaps({ logStream, firstId: first, lastId: last, arrival }: Identity, ordinal: number): boolean {
    const key = logStream.toString('latin1');
    const inReach = (r: IdRange): boolean =>
      arrival - r.arrival <= IDENTITY_WINDOW && r.ordinal >= this.#next - this.#limit;
    const ranges = (this.#ranges.get(key) ?? []).filter(inReach);
    const overlaps = ranges.some((r) => compareSequences(first, r.last) <= 0 && compareSequences(r.first, last) <= 0);
    // Re-inserted at the end: the map stays in order of use, so the log streams that went silent come first.
    this.#ranges.delete(key);
    this.#ranges.set(key, [...ranges.slice(1 - RANGES_KEPT), { first, last, arrival, ordinal }]);
    for (const [silent, kept] of this.#ranges) {
      if (kept.some(inReach)) break;
      this.#ranges.delete(silent);
    }
    return overlaps;
  }
}

/** Ids are decimal numbers of up to 57 digits where AWS made them; anything else is no range. */
const rangeOf = (firstId: string, lastId: string): { readonly firstId: string; readonly lastId: string } => {
  const decimal = /^0*([1-9][0-9]{0,56})$/;
  const [first, last] = [decimal.exec(firstId)?.[1], decimal.exec(lastId)?.[1]];
  return first === undefined || last === undefined ? { firstId: '', lastId: '' } : { firstId: first, lastId: last };
};

const hashOf = ({ owner, logGroup, logStream, firstId, lastId, count }: EnvelopeIdentity): Buffer =>
  digest(16, 'envelope', owner, logGroup, logStream, firstId, lastId, String(count));

// Turns the text tokens of a line into string pool ids. Reading a token and interning it are two moments, so that a
// line that is rejected for a later token leaves nothing in the pool; what was interned last is recognised without it.
import { isUtf8 } from 'node:buffer';
import { MAX_ADDRESS_BYTES, parseIPv6, scanIPv4, writeIPv6 } from '../address/address.ts';
import { NULL } from '../flow.ts';
import { percentDecode } from './percent.ts';

/** What the reader of lines needs of a StringPool. */
export interface TextPool {
  /** UTF-8 bytes to an id. */
  intern(buf: Uint8Array, start: number, end: number): number;
}

/** In `ids`: the token was read, and `resolve` will intern it. */
export const PENDING = -2;

const SPACE = 0x20;

// How a pending token becomes the bytes that are interned.
const AS_IS = 0;
const AS_TAG = 1;
const AS_QUAD = 2;
const AS_IPV6 = 3;

const LAST_BYTES = 64; // longer tokens are not recognised, only interned
const QUAD_BITS = 12; // 4,096 IPv4 addresses are recognised

export class TokenTexts {
  /** By token: the pool id, NULL, or PENDING. */
  readonly ids: Int32Array;
  private pool: TextPool | null = null;
  // By token: where the pending one lies in the line, and what it is.
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly kinds: Uint8Array;
  // By token: the bytes and id of the last one interned. Most lines repeat the account and interface of the one before.
  private readonly last: Uint8Array;
  private readonly lastLengths: Int32Array;
  private readonly lastIds: Int32Array;
  // IPv4 addresses by their 32 bits, direct-mapped, shared by all address fields.
  private readonly quads: Int32Array;
  private readonly quadKeys = new Int32Array(1 << QUAD_BITS);
  private readonly quadIds = new Int32Array(1 << QUAD_BITS);
  private readonly groups = new Uint16Array(8);
  private readonly addresses: Uint8Array; // canonical IPv6 texts of pending tokens
  private readonly addressEnds: Int32Array;
  private scratch = new Uint8Array(256); // a decoded tag

  /** For lines of `tokens` tokens. */
  constructor(tokens: number) {
    this.ids = new Int32Array(tokens);
    this.starts = new Int32Array(tokens);
    this.ends = new Int32Array(tokens);
    this.kinds = new Uint8Array(tokens);
    this.last = new Uint8Array(tokens * LAST_BYTES);
    this.lastLengths = new Int32Array(tokens);
    this.lastIds = new Int32Array(tokens);
    this.quads = new Int32Array(tokens);
    this.addresses = new Uint8Array(tokens * MAX_ADDRESS_BYTES);
    this.addressEnds = new Int32Array(tokens);
  }

  /** The pool of the lines that follow; ids of another one are forgotten. */
  use(pool: TextPool): void {
    if (pool === this.pool) return;
    this.pool = pool;
    this.lastLengths.fill(0);
    this.quadIds.fill(NULL);
  }

  /** Reads a text or tag of token `at`; returns the position after it, or -1 when it is not UTF-8. */
  scanText(buf: Uint8Array, pos: number, end: number, at: number, tag: boolean): number {
    const known = this.recognise(buf, pos, end, at);
    if (known > 0) return known;
    let p = pos;
    let bits = 0;
    for (; p < end; p++) {
      const byte = buf[p];
      if (byte === SPACE) break;
      bits |= byte;
    }
    if (bits >= 0x80 && !isUtf8(buf.subarray(pos, p))) return -1;
    this.ids[at] = PENDING;
    this.kinds[at] = tag ? AS_TAG : AS_IS;
    this.starts[at] = pos;
    this.ends[at] = p;
    return p;
  }

  /** Reads an address of token `at`; returns the position after it, or -1 when it is none. */
  scanAddress(buf: Uint8Array, pos: number, end: number, at: number): number {
    let p = scanIPv4(buf, pos, end, this.quads, at);
    if (p >= 0 && (p === end || buf[p] === SPACE)) {
      const quad = this.quads[at];
      const slot = quadSlot(quad);
      if (this.quadIds[slot] >= 0 && this.quadKeys[slot] === quad) {
        this.ids[at] = this.quadIds[slot];
        return p;
      }
      this.kinds[at] = AS_QUAD;
    } else {
      const known = this.recognise(buf, pos, end, at);
      if (known > 0) return known;
      for (p = pos; p < end && buf[p] !== SPACE; p++);
      if (!parseIPv6(buf, pos, p, this.groups)) return -1;
      this.addressEnds[at] = writeIPv6(this.groups, this.addresses, at * MAX_ADDRESS_BYTES);
      this.kinds[at] = AS_IPV6;
    }
    this.ids[at] = PENDING;
    this.starts[at] = pos;
    this.ends[at] = p;
    return p;
  }

  /** Interns the pending token `at` of the line that was read from `buf`; returns its id. */
  resolve(buf: Uint8Array, at: number, pool: TextPool): number {
    const start = this.starts[at];
    const end = this.ends[at];
    const id = this.internAs(this.kinds[at], buf, at, pool);
    this.ids[at] = id;
    if (this.kinds[at] === AS_QUAD) {
      const slot = quadSlot(this.quads[at]);
      this.quadKeys[slot] = this.quads[at];
      this.quadIds[slot] = id;
    } else if (end - start <= LAST_BYTES) {
      for (let i = start, j = at * LAST_BYTES; i < end; i++, j++) this.last[j] = buf[i];
      this.lastLengths[at] = end - start;
      this.lastIds[at] = id;
    }
    return id;
  }

  /** The id of the dotted quad `buf[start, end)`, whose 32 bits are `quad`. */
  quadId(quad: number, buf: Uint8Array, start: number, end: number, pool: TextPool): number {
    const slot = quadSlot(quad);
    if (this.quadIds[slot] < 0 || this.quadKeys[slot] !== quad) {
      this.quadKeys[slot] = quad;
      this.quadIds[slot] = pool.intern(buf, start, end);
    }
    return this.quadIds[slot];
  }

  private internAs(kind: number, buf: Uint8Array, at: number, pool: TextPool): number {
    const start = this.starts[at];
    const end = this.ends[at];
    if (kind === AS_IPV6) return pool.intern(this.addresses, at * MAX_ADDRESS_BYTES, this.addressEnds[at]);
    if (kind !== AS_TAG) return pool.intern(buf, start, end);
    if (this.scratch.length < end - start) this.scratch = new Uint8Array(2 * (end - start));
    return pool.intern(this.scratch, 0, percentDecode(buf, start, end, this.scratch));
  }

  /** The position after token `at` if it is the one that was interned last there, or 0. */
  private recognise(buf: Uint8Array, pos: number, end: number, at: number): number {
    const length = this.lastLengths[at];
    const stop = pos + length;
    if (length === 0 || stop > end || (stop < end && buf[stop] !== SPACE)) return 0;
    const { last } = this;
    // The tails of ids differ more often than their beginnings.
    for (let i = stop - 1, j = at * LAST_BYTES + length - 1; i >= pos; i--, j--) if (buf[i] !== last[j]) return 0;
    this.ids[at] = this.lastIds[at];
    return stop;
  }
}

const quadSlot = (quad: number): number => Math.imul(quad, 0x9e3779b1) >>> (32 - QUAD_BITS);

// Reads a line of AWS's default format in its usual shape (one interface's flows, IPv4, single spaces) at about half the
// cost of the general reader: what the line before shared with it is compared and not read again, and the rest is one
// straight run without a plan. It only ever says yes to what the general reader would read alike; a property test
// compares them.
import { KEY_INDEX } from '../../schemas/columns.ts';
import { DEFAULT_FORMAT } from '../../schemas/fields.ts';
import { type Flow, NULL } from '../flow.ts';
import type { Format } from '../formats/format.ts';
import { isTime } from './line-reject.ts';
import type { TextPool, TokenTexts } from './token-texts.ts';

const MAX_PREFIX = 64; // bytes
const MAX_DIGITS = 9; // a number that stays a small integer while it is read

const SPACE = 0x20;
// A digit XOR '0' is its value, and nothing else gives less than 10.
const ZERO = 0x30;
const DOT_XOR = 0x2e ^ ZERO;

/** Four characters as DataView.getInt32 gives them. */
const word = (text: string): number => Buffer.from(text).readInt32LE();
const ACCEPT_1 = word('ACCE');
const ACCEPT_2 = word('PT O');
const REJECT_1 = word('REJE');
const REJECT_2 = word('CT O');
const K = 0x4b;
const ENDING = 'ACCEPT OK'.length;

const key = (column: string): number => {
  const index = KEY_INDEX.get(column);
  if (index === undefined) throw new Error(`no key column ${column}`);
  return index;
};
const ACCOUNT = key('account_id');
const INTERFACE = key('interface_id');
const SRCADDR = key('srcaddr');
const DSTADDR = key('dstaddr');
const SRCPORT = key('srcport');
const DSTPORT = key('dstport');
const PROTOCOL = key('protocol');
const ACTION = key('action');

/** Whether lines of the format may be usual ones. */
export const hasUsualLines = (format: Format): boolean => format.text === DEFAULT_FORMAT;

export class UsualLine {
  readonly #texts: TokenTexts;
  #pool: TextPool | null = null;
  // `version account interface ` of the last line that the general reader read, and its ids.
  readonly #prefix = new Uint8Array(MAX_PREFIX);
  #prefixLength = 0;
  #account = NULL;
  #interface = NULL;
  #accept = NULL;
  #reject = NULL;
  #buf: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#buf.buffer);
  #quad = 0;
  #number = 0;
  /** After a line that was read: whether its action is REJECT. */
  rejected = false;

  constructor(texts: TokenTexts) {
    this.#texts = texts;
  }

  /** Takes over what an OK line that was read otherwise begins with. Its texts are in `pool`. */
  learn(buf: Uint8Array, start: number, end: number, pool: TextPool, flow: Flow): void {
    if (pool !== this.#pool) {
      this.#pool = pool;
      this.#accept = NULL;
      this.#reject = NULL;
    }
    this.#prefixLength = 0;
    let p = start;
    for (let spaces = 0; spaces < 3; p++) {
      if (p === end || p - start === MAX_PREFIX) return;
      this.#prefix[p - start] = buf[p];
      if (buf[p] === SPACE) spaces++;
    }
    this.#account = flow.keys[ACCOUNT];
    this.#interface = flow.keys[INTERFACE];
    // Two spaces in a row would make the third one come early.
    if (this.#account === NULL || this.#interface === NULL || buf[p] === SPACE) return;
    for (let i = start; i < p; i++) if (buf[i] === SPACE && buf[i + 1] === SPACE) return;
    this.#prefixLength = p - start;
  }

  /** Reads the line into the flow, ports not folded, if it is a usual one; false, and nothing has changed, if not. */
  read(buf: Uint8Array, start: number, end: number, latestStart: number, pool: TextPool, flow: Flow): boolean {
    let p = start + this.#prefixLength;
    if (pool !== this.#pool || p === start || p + ENDING >= end || !this.#hasPrefix(buf, start)) return false;
    const from = p;
    p = this.#scanQuad(buf, p);
    if (p < 0) return false;
    const fromEnd = p;
    const fromQuad = this.#quad;
    const to = p + 1;
    p = this.#scanQuad(buf, to);
    if (p < 0) return false;
    const toEnd = p;
    const toQuad = this.#quad;

    p = this.#scan(buf, p + 1);
    const srcport = this.#number;
    if (p < 0 || srcport > 65_535) return false;
    p = this.#scan(buf, p + 1);
    const dstport = this.#number;
    if (p < 0 || dstport > 65_535) return false;
    p = this.#scan(buf, p + 1);
    const protocol = this.#number;
    if (p < 0 || protocol > 255) return false;
    p = this.#scan(buf, p + 1);
    const packets = this.#number;
    if (p < 0) return false;
    p = this.#scan(buf, p + 1);
    const bytes = this.#number;
    if (p < 0) return false;
    p = this.#scanTime(buf, p + 1);
    const first = this.#number;
    if (p < 0 || !isTime(first) || first > latestStart) return false;
    p = this.#scanTime(buf, p + 1);
    const last = this.#number;
    if (p < 0 || !isTime(last)) return false;
    if (!this.#hasEnding(buf, p + 1, end)) return false;

    const { keys, sums } = flow;
    keys[ACCOUNT] = this.#account;
    keys[INTERFACE] = this.#interface;
    keys[SRCADDR] = this.#texts.quadId(fromQuad, buf, from, fromEnd, pool);
    keys[DSTADDR] = this.#texts.quadId(toQuad, buf, to, toEnd, pool);
    keys[SRCPORT] = srcport;
    keys[DSTPORT] = dstport;
    keys[PROTOCOL] = protocol;
    keys[ACTION] = this.#actionId(buf, p + 1, pool);
    sums[0] = packets;
    sums[1] = bytes;
    flow.minute = Math.trunc(first / 60);
    flow.start = first;
    flow.end = last;
    flow.tcpFlags = NULL;
    return true;
  }

  #hasPrefix(buf: Uint8Array, start: number): boolean {
    const prefix = this.#prefix;
    // The tails of interface ids differ, not their beginnings.
    for (let i = this.#prefixLength - 1; i >= 0; i--) if (buf[start + i] !== prefix[i]) return false;
    return true;
  }

  #hasEnding(buf: Uint8Array, p: number, end: number): boolean {
    if (end - p !== ENDING || buf[p + 8] !== K) return false;
    if (this.#buf !== buf) {
      this.#buf = buf;
      this.#view = new DataView(buf.buffer, buf.byteOffset, buf.byteLength);
    }
    const one = this.#view.getInt32(p, true);
    const two = this.#view.getInt32(p + 4, true);
    this.rejected = one === REJECT_1;
    return this.rejected ? two === REJECT_2 : one === ACCEPT_1 && two === ACCEPT_2;
  }

  #actionId(buf: Uint8Array, p: number, pool: TextPool): number {
    if (this.rejected) {
      if (this.#reject === NULL) this.#reject = pool.intern(buf, p, p + 6);
      return this.#reject;
    }
    if (this.#accept === NULL) this.#accept = pool.intern(buf, p, p + 6);
    return this.#accept;
  }

  /** The position of the space after a dotted quad, which goes to `#quad`; -1 if it is none. */
  #scanQuad(buf: Uint8Array, from: number): number {
    let p = from;
    let quad = 0;
    for (let part = 0; part < 4; part++) {
      let value = buf[p++] ^ ZERO;
      if (value > 9) return -1;
      let next = buf[p] ^ ZERO;
      if (next < 10) {
        if (value === 0) return -1;
        value = value * 10 + next;
        next = buf[++p] ^ ZERO;
        if (next < 10) {
          value = value * 10 + next;
          if (value > 255) return -1;
          p++;
        }
      }
      quad = (quad << 8) | value;
      if (part < 3 && (buf[p++] ^ ZERO) !== DOT_XOR) return -1;
    }
    this.#quad = quad;
    return buf[p] === SPACE ? p : -1;
  }

  /** The position of the space after at most nine digits, whose value goes to `#number`; -1 for anything else. */
  #scan(buf: Uint8Array, from: number): number {
    let value = buf[from] ^ ZERO;
    if (value > 9) return -1;
    let p = from + 1;
    for (let digit = buf[p] ^ ZERO; digit < 10; digit = buf[++p] ^ ZERO) value = (value * 10 + digit) | 0;
    this.#number = value;
    return buf[p] === SPACE && p - from <= MAX_DIGITS ? p : -1;
  }

  /** The same for exactly ten digits, a time in Unix seconds. */
  #scanTime(buf: Uint8Array, from: number): number {
    let high = 0;
    let low = 0;
    let worst = 0;
    for (let i = 0; i < 5; i++) {
      const a = buf[from + i] ^ ZERO;
      const b = buf[from + 5 + i] ^ ZERO;
      if (a > worst) worst = a;
      if (b > worst) worst = b;
      high = high * 10 + a;
      low = low * 10 + b;
    }
    this.#number = high * 100_000 + low;
    return worst < 10 && buf[from + 10] === SPACE ? from + 10 : -1;
  }
}

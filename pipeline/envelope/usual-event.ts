// Reads a log event of exactly the shape that CloudWatch Logs writes, in one pass and without a state. It looks at four
// bytes at a time (a loop over single bytes takes twice as long), and only ever says yes to what the general states
// would read alike: a property test compares them.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSE = 0x7d;
const MAX_TIME_DIGITS = 15; // an exact number for sure

/** Four characters as DataView.getInt32 gives them. */
const word = (text: string): number => Buffer.from(text).readInt32LE();

const ID_1 = word('{"id');
const ID_2 = word('d":"');
const TIMESTAMP_1 = word('","t');
const TIMESTAMP_2 = word('imes');
const TIMESTAMP_3 = word('tamp');
const TIMESTAMP_4 = word('mp":');
const MESSAGE_1 = word(',"me');
const MESSAGE_2 = word('ssag');
const MESSAGE_3 = word('e":"');

/** Whether one of the four bytes is a quote or a backslash: x - 1 borrows from bit 7 only where x is 0. */
const hasMark = (four: number): boolean => {
  const quotes = four ^ 0x22222222;
  const backslashes = four ^ 0x5c5c5c5c;
  return ((((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes)) & 0x80808080) !== 0;
};

export class UsualEvent {
  idStart = 0;
  idEnd = 0;
  time = 0; // Unix ms
  messageStart = 0;
  messageEnd = 0;
  #buf: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#buf.buffer);

  /** The position after the event that begins at `from`, or -1 when it has another shape or does not end before `end`. */
  read(buf: Uint8Array, from: number, end: number): number {
    if (this.#buf !== buf) {
      this.#buf = buf;
      this.#view = new DataView(buf.buffer, buf.byteOffset, buf.byteLength);
    }
    const view = this.#view;
    const last = end - 4; // where the last four bytes begin
    let p = from;
    if (last - p < 8 || view.getInt32(p, true) !== ID_1 || view.getInt32(p + 3, true) !== ID_2) return -1;
    p += 7;
    this.idStart = p;
    while (p <= last && !hasMark(view.getInt32(p, true))) p += 4;
    while (p < end && buf[p] !== QUOTE && buf[p] !== BACKSLASH) p++;
    this.idEnd = p;
    if (last - p < 14 + MAX_TIME_DIGITS + 12) return -1;
    if (view.getInt32(p, true) !== TIMESTAMP_1 || view.getInt32(p + 4, true) !== TIMESTAMP_2) return -1;
    if (view.getInt32(p + 8, true) !== TIMESTAMP_3 || view.getInt32(p + 10, true) !== TIMESTAMP_4) return -1;
    p = this.#readTime(buf, p + 14);
    if (p < 0 || view.getInt32(p, true) !== MESSAGE_1) return -1;
    if (view.getInt32(p + 4, true) !== MESSAGE_2 || view.getInt32(p + 8, true) !== MESSAGE_3) return -1;
    p += 12;
    this.messageStart = p;
    while (p <= last && !hasMark(view.getInt32(p, true))) p += 4;
    while (p < end && buf[p] !== QUOTE && buf[p] !== BACKSLASH) p++;
    this.messageEnd = p;
    return p + 1 < end && buf[p] === QUOTE && buf[p + 1] === CLOSE ? p + 2 : -1;
  }

  /** The position after the digits at `from`, at most 15; -1 if there are none. In two halves, which small integers hold. */
  #readTime(buf: Uint8Array, from: number): number {
    let p = from;
    let high = 0;
    for (; p < from + 9 && buf[p] >= 0x30 && buf[p] <= 0x39; p++) high = high * 10 + (buf[p] - 0x30);
    let low = 0;
    let scale = 1;
    for (; p < from + MAX_TIME_DIGITS && buf[p] >= 0x30 && buf[p] <= 0x39; p++) {
      low = low * 10 + (buf[p] - 0x30);
      scale *= 10;
    }
    this.time = high * scale + low;
    return p === from ? -1 : p;
  }
}

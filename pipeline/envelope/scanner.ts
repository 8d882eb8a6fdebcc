// Turns a stream of JSON objects, in chunks cut anywhere, into log events and messages without building any object.
// One state machine over bytes, because JSON.parse takes longer than gunzip on these bytes and makes a string an event;
// the usual shape of an event is read by UsualEvent in one pass, everything else by the states here.
// It has over 300 lines because a state machine that is cut in two can only be read side by side.
import { MAX_LINE_BYTES } from '../../schemas/rejects.ts';
import { Capture } from './capture.ts';
import { Excerpt } from './excerpt.ts';
import {
  ID,
  keyOf,
  LOG_EVENTS,
  LOG_GROUP,
  LOG_STREAM,
  MESSAGE,
  MESSAGE_TYPE,
  OTHER,
  OWNER,
  TIMESTAMP,
} from './json-keys.ts';
import { JsonSkip, SCALAR_BYTES } from './json-skip.ts';
import { JsonText } from './json-text.ts';
import { LogEvent, MAX_NAME_BYTES, milliseconds, numberOf } from './log-event.ts';
import type { EnvelopeHeader, ObjectSink, RawPart, ScannedObject, Verdict } from './sink.ts';
import { UsualEvent } from './usual-event.ts';

// What the next byte is read as.
const TOP = 0; // between objects
const KEY_OR_END = 1; // after {
const KEY = 2; // after , in an object
const COLON = 3;
const VALUE = 4;
const COMMA = 5; // after a value: , or }
const ITEM_OR_END = 6; // after [ of logEvents
const ITEM = 7; // after , in logEvents
const ITEM_COMMA = 8; // after an item: , or ]
const TEXT = 9; // inside a wanted string
const SCALAR = 10; // inside a wanted number
const SKIP = 11; // inside an unwanted value
const FAILED = 12; // no JSON: the rest is only kept
const DONE = 13; // a look-ahead behind its object

const QUOTE = 0x22;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NEXT = 0x2c;

const noHeader = (): EnvelopeHeader => ({ messageType: null, owner: null, logGroup: null, logStream: null });

export class ObjectScanner {
  /** Set by `scan` where it needs a look-ahead (`fork`) before it can go on (`resume`). */
  paused = false;
  /** What makes the text no JSON, and its byte offset: what follows is kept, not read. */
  failure: { readonly detail: string; readonly offset: number } | null = null;
  /** Byte offset of the next byte to scan. */
  offset = 0;
  readonly #sink: ObjectSink | null; // null: a look-ahead
  readonly #name = new JsonText(MAX_NAME_BYTES);
  readonly #message = new JsonText(MAX_LINE_BYTES);
  #text = this.#name; // the one of the two that is being read
  #isKey = false; // it is a key
  #key = OTHER;
  readonly #scalar = new Capture(64);
  readonly #skip = new JsonSkip();
  readonly #usual = new UsualEvent();
  readonly #objectRaw = new Excerpt();
  readonly #eventRaw = new Excerpt();
  #restRaw: Excerpt | null = null; // from what was unfinished at a failure
  #state = TOP;
  #inItem = false; // inside an item of logEvents
  #inEvent = false; // that is an object
  #buf: Uint8Array = new Uint8Array(0);
  #base = 0; // byte offset of #buf[0]

  // The object that is being read, and its latest event (or its own message).
  #header = noHeader();
  #hasEvents = false;
  #verdict: Verdict | null = null;
  #count = 0;
  #firstId = '';
  readonly #event = new LogEvent();

  constructor(sink: ObjectSink | null) {
    this.#sink = sink;
  }

  /** A look-ahead: it begins where this one is paused, reads to the end of the envelope and delivers nothing. */
  fork(): ObjectScanner {
    const ahead = new ObjectScanner(null);
    ahead.#header = { ...this.#header };
    ahead.#hasEvents = true;
    ahead.#count = this.#count;
    ahead.#firstId = this.#firstId;
    ahead.#event.copyId(this.#event);
    ahead.#state = ITEM_COMMA;
    ahead.offset = this.offset;
    return ahead;
  }

  /** A look-ahead has nothing more to read. */
  get finished(): boolean {
    return this.#state === DONE || this.#state === FAILED;
  }

  /** Goes on after a pause with what `fork` has seen; to be called before the next `scan`. */
  resume(ahead: ObjectScanner): void {
    this.paused = false;
    const { header, range } = ahead.#scanned();
    this.#verdict = this.#sink?.decide(header, range) ?? 'ignore';
    if (this.#verdict === 'deliver') this.#deliver();
  }

  /** An object was begun and not ended. */
  get inside(): boolean {
    return this.#state !== TOP && this.#state !== FAILED;
  }

  /** The rest after a failure holds all that a reject may keep, so that reading on is of no use. */
  get exhausted(): boolean {
    return this.#state === FAILED && this.#restRaw !== null && this.#restRaw.cut;
  }

  /** The beginning of what could not be read, where the data end inside an object or after a failure. */
  get unfinished(): RawPart | null {
    if (this.#restRaw !== null) return this.#restRaw;
    if (!this.inside) return null;
    return this.#inItem ? this.#eventRaw : this.#hasEvents ? null : this.#objectRaw;
  }

  /** Ends an envelope whose own end is missing: what was delivered of it stays, under the identity that it has. */
  abandon(): void {
    if (this.#hasEvents && this.#verdict !== null) this.#sink?.close(this.#scanned());
  }

  /** Reads `buf[start, end)`, the bytes that follow the last; returns where it stopped: `end`, unless it is paused. */
  scan(buf: Uint8Array, start: number, end: number): number {
    const base = this.offset - start;
    this.#buf = buf;
    this.#base = base;
    let p = start;
    while (p < end && !this.paused) {
      switch (this.#state) {
        case TEXT:
          p = this.#text.read(buf, p, end);
          if (this.#text.done) this.#endText();
          else if (this.#text.bad) this.#fail('a string has a bad escape', p);
          break;
        case SCALAR:
          while (p < end && SCALAR_BYTES[buf[p]] === 1) this.#scalar.byte(buf[p++]);
          if (p < end) this.#endScalar();
          break;
        case SKIP:
          p = this.#skip.read(buf, p, end);
          if (this.#skip.done) this.#endSkip(p);
          break;
        case FAILED:
        case DONE:
          p = end;
          break;
        default: {
          const byte = buf[p];
          if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) p++;
          else p = this.#structure(byte, p, end);
        }
      }
    }
    const at = base + p;
    if (this.#restRaw !== null) this.#restRaw.take(buf, base, at);
    else if (this.#state !== TOP) this.#objectRaw.take(buf, base, at);
    if (this.#inItem) this.#eventRaw.take(buf, base, at);
    this.offset = at;
    return p;
  }

  /** One byte outside of values that is no space; returns the next position. */
  #structure(byte: number, p: number, end: number): number {
    switch (this.#state) {
      case TOP:
        return byte === OPEN ? this.#beginObject(p) : this.#fail('no JSON object follows the last', p);
      case KEY_OR_END:
      case KEY:
        if (byte === CLOSE && this.#state === KEY_OR_END) return this.#close(p + 1);
        if (byte !== QUOTE) return this.#fail('a key is missing', p);
        this.#beginText(this.#name, true);
        return p + 1;
      case COLON:
        if (byte !== 0x3a) return this.#fail('a colon is missing', p);
        this.#state = VALUE;
        return p + 1;
      case VALUE:
        return this.#value(byte, p);
      case COMMA:
        if (byte === CLOSE) return this.#close(p + 1);
        if (byte !== NEXT) return this.#fail('a comma is missing', p);
        this.#state = KEY;
        return p + 1;
      case ITEM_COMMA:
        if (byte !== NEXT && byte !== 0x5d) return this.#fail('a comma is missing between log events', p);
        this.#state = byte === NEXT ? ITEM : COMMA;
        return p + 1;
      default: // ITEM, ITEM_OR_END
        if (byte === 0x5d && this.#state === ITEM_OR_END) {
          this.#state = COMMA;
          return p + 1;
        }
        return byte === OPEN ? this.#usualEvents(p, end) : this.#beginItem(byte, p);
    }
  }

  /** As many events of the usual shape as follow each other; the first of another shape is begun. */
  #usualEvents(from: number, end: number): number {
    const buf = this.#buf;
    for (let p = from; ; ) {
      const next = this.#usual.read(buf, p, end);
      if (next < 0) return this.#beginItem(OPEN, p);
      this.#event.setUsual(buf, this.#usual);
      this.#endEvent();
      if (this.paused || next + 1 >= end || buf[next] !== NEXT || buf[next + 1] !== OPEN) {
        this.#state = ITEM_COMMA;
        return next;
      }
      p = next + 1;
    }
  }

  #beginItem(byte: number, p: number): number {
    this.#event.clear();
    this.#eventRaw.begin(this.#base + p);
    this.#inItem = true;
    this.#inEvent = byte === OPEN;
    if (this.#inEvent) {
      this.#state = KEY_OR_END;
      return p + 1;
    }
    return this.#beginSkip(byte, p);
  }

  #beginObject(p: number): number {
    this.#objectRaw.begin(this.#base + p);
    this.#header = noHeader();
    this.#hasEvents = false;
    this.#verdict = null;
    this.#count = 0;
    this.#firstId = '';
    this.#event.clear();
    this.#state = KEY_OR_END;
    return p + 1;
  }

  #beginText(text: JsonText, isKey: boolean): void {
    this.#text = text;
    this.#isKey = isKey;
    text.begin();
    this.#state = TEXT;
  }

  #beginSkip(byte: number, p: number): number {
    this.#state = SKIP;
    return this.#skip.begin(byte) ? p : this.#fail('a value is missing', p);
  }

  #value(byte: number, p: number): number {
    if (byte === QUOTE && this.#wanted()) {
      this.#beginText(this.#key === MESSAGE ? this.#message : this.#name, false);
      return p + 1;
    }
    if (this.#inEvent && this.#key === TIMESTAMP && SCALAR_BYTES[byte] === 1) {
      this.#scalar.clear();
      this.#state = SCALAR;
      return p;
    }
    if (!this.#inEvent && this.#key === LOG_EVENTS && byte === 0x5b) {
      this.#hasEvents = true;
      this.#event.clear();
      this.#state = ITEM_OR_END;
      return p + 1;
    }
    return this.#beginSkip(byte, p);
  }

  #wanted(): boolean {
    const key = this.#key;
    if (this.#inEvent) return key === MESSAGE || key === ID || key === TIMESTAMP;
    return key !== OTHER && key !== LOG_EVENTS && key !== ID && key !== TIMESTAMP;
  }

  #endText(): void {
    const text = this.#text;
    this.#state = this.#isKey ? COLON : COMMA;
    if (this.#isKey) this.#key = keyOf(text.buf, text.start, text.end);
    else if (text === this.#message) this.#event.setMessage(text);
    else if (this.#key === ID) this.#event.setId(text);
    else if (this.#key === TIMESTAMP) this.#event.time = milliseconds(text.text);
    else if (this.#key === MESSAGE_TYPE) this.#header.messageType = text.text;
    else if (this.#key === OWNER) this.#header.owner = text.text;
    else if (this.#key === LOG_GROUP) this.#header.logGroup = text.text;
    else if (this.#key === LOG_STREAM) this.#header.logStream = text.text;
  }

  #endScalar(): void {
    const { buffer, kept } = this.#scalar;
    this.#event.time = numberOf(buffer, kept);
    this.#state = COMMA;
  }

  #endSkip(p: number): void {
    this.#state = COMMA;
    if (this.#inItem && !this.#inEvent) this.#close(p); // an item that is no object
  }

  /** An item of logEvents or an object ends before `p`. */
  #close(p: number): number {
    if (!this.#inItem) return this.#endObject(p);
    this.#inItem = false;
    this.#inEvent = false;
    this.#state = ITEM_COMMA;
    if (!this.#event.hasMessage) this.#eventRaw.take(this.#buf, this.#base, this.#base + p);
    this.#endEvent();
    return p;
  }

  #endEvent(): void {
    if (++this.#count === 1) {
      this.#firstId = this.#event.id;
      this.#openEnvelope();
    } else if (this.#verdict === 'deliver') {
      this.#deliver();
    }
  }

  /** The first event: its envelope is decided about, now or after a look-ahead. */
  #openEnvelope(): void {
    if (this.#sink === null) return;
    const { messageType, owner, logGroup, logStream } = this.#header;
    const known = owner !== null && logGroup !== null && logStream !== null;
    if (messageType !== null && (known || messageType !== 'DATA_MESSAGE')) {
      this.#verdict = this.#sink.open(this.#header, this.#firstId);
    }
    if (this.#verdict === null) this.paused = true;
    else if (this.#verdict === 'deliver') this.#deliver();
  }

  #deliver(): void {
    const event = this.#event;
    if (event.hasMessage) this.#sink?.event(event.message, event.start, event.end, event.time, event.cut);
    else this.#sink?.badEvent(this.#eventRaw);
  }

  #endObject(p: number): number {
    const sink = this.#sink;
    this.#state = sink === null ? DONE : TOP;
    if (sink === null) return p;
    const event = this.#event;
    if (event.hasMessage && !this.#hasEvents && this.#header.messageType === null) {
      sink.message(event.message, event.start, event.end, event.cut);
      return p;
    }
    const detail = sink.close(this.#scanned());
    this.#verdict = null;
    if (detail !== null) sink.badObject(detail, this.#objectRaw.take(this.#buf, this.#base, this.#base + p));
    return p;
  }

  #scanned(): ScannedObject {
    const lastId = this.#count === 0 ? '' : this.#event.id;
    const range = { firstId: this.#firstId, lastId, count: this.#count };
    return { header: this.#header, hasEvents: this.#hasEvents, range, verdict: this.#verdict };
  }

  /** There is no JSON at `p`: everything from the unfinished event or object on is the rest. */
  #fail(detail: string, p: number): number {
    const at = this.#base + p;
    this.failure = { detail, offset: at };
    const unfinished = this.#inItem ? this.#eventRaw : this.inside && !this.#hasEvents ? this.#objectRaw : null;
    this.#restRaw = unfinished ?? new Excerpt();
    if (unfinished === null) this.#restRaw.begin(at);
    this.#inItem = false;
    this.#state = FAILED;
    return p;
  }
}

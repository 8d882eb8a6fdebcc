// Says plainly, with JSON.parse and split, what the scanners make of the decompressed bytes of a record.

import type { LineSink } from '../../pipeline/envelope/lines.ts';
import type {
  EnvelopeHeader,
  EventRange,
  ObjectSink,
  RawPart,
  ScannedObject,
  Verdict,
} from '../../pipeline/envelope/sink.ts';

/** What a sink is told, as one line of text for each call. */
export type Told = string;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** A lone surrogate has no UTF-8. */
const utf8 = (value: string): string => Buffer.from(value).toString();

/** JSON objects one behind the other, with or without white space between them. */
export const splitObjects = (source: string): string[] => {
  const objects: string[] = [];
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (let i = 0; i < source.length; i++) {
    const character = source[i];
    if (quoted) {
      if (character === '\\') i++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') {
      if (depth++ === 0) start = i;
    } else if ((character === '}' || character === ']') && --depth === 0) objects.push(source.slice(start, i + 1));
  }
  return objects;
};

const timeOf = (value: unknown): number => {
  const time = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof time === 'number' && time >= 0 && time <= Number.MAX_SAFE_INTEGER ? Math.trunc(time) : -1;
};

const toldOfEnvelope = (object: Record<string, unknown>): Told[] => {
  const header: EnvelopeHeader = {
    messageType: text(object.messageType),
    owner: text(object.owner),
    logGroup: text(object.logGroup),
    logStream: text(object.logStream),
  };
  const events: unknown[] = Array.isArray(object.logEvents) ? object.logEvents : [];
  const deliver = header.messageType === 'DATA_MESSAGE';
  const told: Told[] = [];
  for (const event of deliver ? events : []) {
    const message = isRecord(event) ? text(event.message) : null;
    if (!isRecord(event) || message === null) told.push('bad event');
    else told.push(toldOfLine('event', utf8(message), timeOf(event.timestamp)));
  }
  const ids = events.map((event) => (isRecord(event) ? utf8(text(event.id) ?? '') : ''));
  const range = { firstId: ids[0] ?? '', lastId: ids.at(-1) ?? '', count: ids.length };
  const verdict: Verdict | null = events.length === 0 ? null : deliver ? 'deliver' : 'ignore';
  return [
    ...told,
    toldOfClose({ header: utf8Header(header), hasEvents: Array.isArray(object.logEvents), range, verdict }),
  ];
};

const utf8Header = (header: EnvelopeHeader): EnvelopeHeader => ({
  messageType: header.messageType === null ? null : utf8(header.messageType),
  owner: header.owner === null ? null : utf8(header.owner),
  logGroup: header.logGroup === null ? null : utf8(header.logGroup),
  logStream: header.logStream === null ? null : utf8(header.logStream),
});

const toldOfLine = (kind: string, line: string, time: number): Told => `${kind} ${time} ${line}`;
const toldOfClose = (object: ScannedObject): Told => `close ${JSON.stringify(object)}`;

/** What a sink is told of JSON objects that follow each other. */
export const toldOfObjects = (source: string): Told[] =>
  splitObjects(source).flatMap((one) => {
    const object: Record<string, unknown> = JSON.parse(one);
    const message = text(object.message);
    const isEnvelope = Array.isArray(object.logEvents) || text(object.messageType) !== null;
    return message !== null && !isEnvelope ? [toldOfLine('message', utf8(message), -1)] : toldOfEnvelope(object);
  });

/** What a sink is told of text. */
export const toldOfText = (source: string): Told[] => {
  const lines = source.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => toldOfLine('raw', line, -1));
};

/** The one line that `Telling` takes for a header. */
export const HEADER = 'version srcaddr';

/** A sink that writes down what it is told, and delivers every data message (after a look-ahead where `asks`). */
export class Telling implements ObjectSink, LineSink {
  readonly told: Told[] = [];
  afterHeader = false;
  readonly asks: boolean;

  constructor(asks: boolean) {
    this.asks = asks;
  }

  open(header: EnvelopeHeader): Verdict | null {
    if (this.asks) return null;
    return header.messageType === 'DATA_MESSAGE' ? 'deliver' : 'ignore';
  }

  decide(header: EnvelopeHeader, range: EventRange): Verdict {
    this.ahead = JSON.stringify({ header, range });
    return header.messageType === 'DATA_MESSAGE' ? 'deliver' : 'ignore';
  }

  event(buf: Uint8Array, start: number, end: number, time: number, cut: boolean): void {
    this.#line('event', buf, start, end, time, cut);
  }

  badEvent(_part: RawPart): void {
    this.told.push('bad event');
  }

  message(buf: Uint8Array, start: number, end: number, cut: boolean): void {
    this.#line('message', buf, start, end, -1, cut);
  }

  rawLine(buf: Uint8Array, start: number, end: number, cut: boolean): void {
    this.afterHeader = !cut && Buffer.from(buf.subarray(start, end)).toString().trim() === HEADER;
    this.#line('raw', buf, start, end, -1, cut);
  }

  close(object: ScannedObject): string | null {
    const { header, range } = object;
    if (this.ahead !== '' && this.ahead !== JSON.stringify({ header, range }))
      this.told.push('the look-ahead was wrong');
    this.ahead = '';
    this.told.push(toldOfClose(object));
    return null;
  }

  badObject(): void {
    this.told.push('bad object');
  }

  private ahead = '';

  #line(kind: string, buf: Uint8Array, start: number, end: number, time: number, cut: boolean): void {
    this.told.push(toldOfLine(kind, Buffer.from(buf.subarray(start, end)).toString(), time) + (cut ? ' …' : ''));
  }
}

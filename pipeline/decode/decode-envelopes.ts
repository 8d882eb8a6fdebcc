// Turns the objects of a record into lines, control messages, duplicates and rejects.

import type { LineSink } from '../envelope/lines.ts';
import type { EnvelopeHeader, EventRange, ObjectSink, RawPart, ScannedObject, Verdict } from '../envelope/sink.ts';
import type { LineDecoder } from './decode-lines.ts';
import type { EnvelopeIdentity } from './decode-target.ts';

/** Null for what has no identity: it is never called a duplicate. */
const identityOf = (header: EnvelopeHeader, range: EventRange): EnvelopeIdentity | null => {
  const { owner, logGroup, logStream } = header;
  if (owner === null || logGroup === null || logStream === null || range.firstId === '') return null;
  return { owner, logGroup, logStream, ...range };
};

export class EnvelopeDecoder implements ObjectSink, LineSink {
  readonly #lines: LineDecoder;

  constructor(lines: LineDecoder) {
    this.#lines = lines;
  }

  open(header: EnvelopeHeader, firstId: string): Verdict | null {
    const { messageType, owner, logGroup, logStream } = header;
    if (messageType !== 'DATA_MESSAGE') return 'ignore';
    if (owner !== null && logGroup !== null && logStream !== null && firstId !== '') {
      if (this.#outside(() => this.#lines.target.duplicates.maybe(owner, logGroup, logStream, firstId))) return null;
    }
    this.#lines.useLogGroup(logGroup);
    return 'deliver';
  }

  decide(header: EnvelopeHeader, range: EventRange): Verdict {
    if (header.messageType !== 'DATA_MESSAGE') return 'ignore';
    const identity = identityOf(header, range);
    const { duplicates } = this.#lines.target;
    if (identity !== null && this.#outside(() => duplicates.isDuplicate(identity))) return 'ignore';
    this.#lines.useLogGroup(header.logGroup);
    return 'deliver';
  }

  event(buf: Uint8Array, start: number, end: number, time: number, cut: boolean): void {
    this.#lines.line(buf, start, end, time, cut);
  }

  badEvent(part: RawPart): void {
    this.#lines.rejectEvent('a log event has no message', part);
  }

  message(buf: Uint8Array, start: number, end: number, cut: boolean): void {
    this.#lines.leaveLogGroup();
    this.#lines.line(buf, start, end, -1, cut);
  }

  get afterHeader(): boolean {
    return this.#lines.afterHeader;
  }

  rawLine(buf: Uint8Array, start: number, end: number, cut: boolean): void {
    this.#lines.rawLine(buf, start, end, cut);
  }

  close({ header, hasEvents, range, verdict }: ScannedObject): string | null {
    const { tally, duplicates } = this.#lines.target;
    if (header.messageType === 'CONTROL_MESSAGE') {
      tally.control();
      return null;
    }
    if (header.messageType === null && !hasEvents) return 'the JSON object has neither log events nor a message';
    if (header.messageType === null) return 'the envelope has no messageType';
    if (header.messageType !== 'DATA_MESSAGE')
      return `the messageType '${header.messageType.slice(0, 100)}' is not known`;
    if (!hasEvents) return 'the envelope has no logEvents';
    if (verdict === 'ignore') {
      tally.duplicate();
      return null;
    }
    tally.envelope();
    const identity = identityOf(header, range);
    if (identity !== null && this.#outside(() => duplicates.remember(identity))) tally.overlap();
    return null;
  }

  badObject(detail: string, part: RawPart): void {
    this.#lines.rejectRest('envelope_undecodable', detail, part.start, part);
  }

  #outside<T>(ask: () => T): T {
    this.#lines.outside = true;
    const answer = ask();
    this.#lines.outside = false;
    return answer;
  }
}

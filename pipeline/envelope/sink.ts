// The nouns between the scanners and the decoder: what an envelope says of itself, and what is made of its events.

/** What a CloudWatch Logs envelope says of itself; null where the key is absent or no string. */
export interface EnvelopeHeader {
  messageType: string | null;
  owner: string | null;
  logGroup: string | null;
  logStream: string | null;
}

/** Which events an envelope has. */
export interface EventRange {
  readonly firstId: string;
  readonly lastId: string;
  readonly count: number;
}

/** What becomes of the events of an envelope. */
export type Verdict = 'deliver' | 'ignore';

/** One JSON object of a record at its end, or at the end of what there is of it. */
export interface ScannedObject {
  readonly header: EnvelopeHeader;
  /** It has an array `logEvents`. */
  readonly hasEvents: boolean;
  readonly range: EventRange;
  /** What was decided at its first event; null when it has none. */
  readonly verdict: Verdict | null;
}

/** Part of the byte stream, for a reject: where it begins, and its first bytes. */
export interface RawPart {
  readonly start: number; // byte offset in the decompressed stream
  readonly bytes: Uint8Array;
  /** There is more of it than `bytes`. */
  readonly cut: boolean;
}

/** Told of everything in a stream of JSON objects, in order. Views are valid only during the call. */
export interface ObjectSink {
  /** Asked at the first event when the header came before it; null: look ahead, then `decide`. */
  open(header: EnvelopeHeader, firstId: string): Verdict | null;
  /** Asked after a look-ahead, with the whole envelope known (or as much of it as there is). */
  decide(header: EnvelopeHeader, range: EventRange): Verdict;
  /** The message of a delivered event; `time` is Unix ms or -1, `cut` says that the message goes on. */
  event(buf: Uint8Array, start: number, end: number, time: number, cut: boolean): void;
  /** An item of a delivered `logEvents` that has no message. */
  badEvent(part: RawPart): void;
  /** An object `{"message": "…"}`. */
  message(buf: Uint8Array, start: number, end: number, cut: boolean): void;
  /** The end of any other object; what it says is wrong with the object comes back as `badObject`. */
  close(object: ScannedObject): string | null;
  badObject(detail: string, part: RawPart): void;
}

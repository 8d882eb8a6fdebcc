// Turns what interfaces publish into CloudWatch Logs subscription records: gzip envelopes, control messages, redeliveries.
// Source of the shape: "Real-time processing of log data with subscriptions", Amazon CloudWatch Logs User Guide.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Publication } from './capture.ts';
import { mix } from './random.ts';
import { ACCOUNT, LOG_GROUP } from './world.ts';

/** One record of the subscription's Kinesis stream. */
export interface Envelope {
  readonly partitionKey: string;
  readonly data: Buffer; // gzip of one JSON object
  readonly lines: number;
  /** The same envelope was delivered before. */
  readonly redelivered: boolean;
}

/** Events in one envelope; CloudWatch batches up to about a megabyte. */
const MAX_EVENTS = 2_500;
const REDELIVER_ONE_IN = 100;
const CONTROL_EVERY = 600; // seconds

/** With the distribution ByLogStream all events of a log stream have one partition key, and so one shard. */
export const partitionKey = (owner: string, logGroup: string, logStream: string): string =>
  createHash('md5').update(`${owner}:${logGroup}:${logStream}`).digest('hex');

const CONTROL = {
  owner: 'CloudwatchLogs',
  text: 'CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.',
};

const control = (second: number): Envelope => {
  const events = [{ id: '', timestamp: second * 1000, message: CONTROL.text }];
  const head = { messageType: 'CONTROL_MESSAGE', owner: CONTROL.owner, logGroup: '', logStream: '' };
  const data = gzipSync(JSON.stringify({ ...head, subscriptionFilters: [], logEvents: events }));
  return { partitionKey: partitionKey(CONTROL.owner, '', ''), data, lines: 0, redelivered: false };
};

/** Event ids: the time in ms stands above bit 144, as in every id that AWS gives; ascending within a publication. */
class EventIds {
  readonly #low: bigint;
  #second = -1;
  #base = 0n;

  constructor(seed: number, { at, begin, end }: Publication) {
    const high = BigInt(mix(seed, at.index, begin, end)) << 32n;
    this.#low = (high | BigInt(mix(end, begin, at.index, seed))) << 64n;
  }

  of(second: number, index: number): string {
    if (second !== this.#second) {
      this.#second = second;
      this.#base = (BigInt(second * 1000) << 144n) | this.#low;
    }
    return String(this.#base + BigInt(index));
  }
}

const envelope = (publication: Publication, ids: EventIds, first: number): Envelope => {
  const { at, lines, starts } = publication;
  const last = Math.min(first + MAX_EVENTS, lines.length);
  const logStream = `${at.id}-all`;
  const events: string[] = [];
  for (let i = first; i < last; i++) {
    // Lines have nothing in them that JSON would escape.
    events.push(`{"id":"${ids.of(starts[i]!, i)}","timestamp":${starts[i]! * 1000},"message":"${lines[i]}"}`);
  }
  const text =
    `{"messageType":"DATA_MESSAGE","owner":"${ACCOUNT}","logGroup":"${LOG_GROUP}","logStream":"${logStream}",` +
    `"subscriptionFilters":["vpcflow"],"logEvents":[${events.join(',')}]}`;
  const data = gzipSync(text);
  return { partitionKey: partitionKey(ACCOUNT, LOG_GROUP, logStream), data, lines: last - first, redelivered: false };
};

/** The subscription: keeps what it will deliver once more, as a service that delivers at least once does. */
export class Subscription {
  readonly #seed: number;
  readonly #began: number;
  #again: { readonly due: number; readonly envelope: Envelope }[] = [];

  /** `began`: Unix seconds of its first delivery, which a control message precedes. */
  constructor(seed: number, began: number) {
    this.#seed = seed;
    this.#began = began;
  }

  /** The records of one second, in the order of delivery. Seconds must ascend. */
  *deliver(second: number, publications: readonly Publication[]): IterableIterator<Envelope> {
    if ((second - this.#began) % CONTROL_EVERY === 0) yield control(second);
    const due = this.#again.filter((one) => one.due <= second);
    this.#again = this.#again.filter((one) => one.due > second);
    for (const one of due) yield { ...one.envelope, redelivered: true };
    for (const publication of publications) {
      const ids = new EventIds(this.#seed, publication);
      for (let first = 0; first < publication.lines.length; first += MAX_EVENTS) {
        const made = envelope(publication, ids, first);
        const luck = mix(this.#seed, publication.end, publication.at.index, first);
        if (luck % REDELIVER_ONE_IN === 0) this.#again.push({ due: second + 3 + ((luck >>> 16) % 30), envelope: made });
        yield made;
      }
    }
  }
}

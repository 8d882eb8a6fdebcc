// Turns a seed into records of flow logs, and counts out by itself, record by record, what an audit has to find of them.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { random } from '../faults/world.ts';

/** What came on the stream, in the audit's own words. */
export interface Count {
  readonly records: number;
  readonly envelopes: number;
  readonly control: number;
  readonly duplicates: number;
  readonly lines: number;
  readonly flows: number;
  readonly nodata: number;
  readonly skipdata: number;
  readonly rejects: number;
  readonly packets: number;
  readonly bytes: number;
}

export const NOTHING: Count = {
  ...{ records: 0, envelopes: 0, control: 0, duplicates: 0, lines: 0, flows: 0, nodata: 0, skipdata: 0 },
  ...{ rejects: 0, packets: 0, bytes: 0 },
};

export const addCounts = (one: Count, other: Count): Count => {
  const add = (name: keyof Count): number => one[name] + other[name];
  return {
    ...{ records: add('records'), envelopes: add('envelopes'), control: add('control') },
    ...{ duplicates: add('duplicates'), lines: add('lines'), flows: add('flows'), nodata: add('nodata') },
    ...{ skipdata: add('skipdata'), rejects: add('rejects'), packets: add('packets'), bytes: add('bytes') },
  };
};

/** Flows, packets and bytes of one source address. */
export interface AddressSum {
  readonly flows: number;
  readonly packets: number;
  readonly bytes: number;
}

/** A record, and what it adds to the totals. Each envelope has a source address of its own, so that a sum names it. */
export interface TestRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly count: Count;
  readonly sums: ReadonlyMap<string, AddressSum>;
}

const keyHash = (partitionKey: string): bigint => BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`);

/** So many of what is made again and again. */
export const times = <T>(count: number, make: () => T): readonly T[] => Array.from({ length: count }, make);

export class Traffic {
  readonly #random: () => number;
  readonly #began: number; // Unix s
  #envelopes = 0;
  #keys = 0;

  /** `now`: Unix ms; the flows are of the minutes before. */
  constructor(seed: number, now: number) {
    this.#random = random(seed);
    this.#began = Math.floor(now / 1000) - 600;
  }

  /** A partition key; with a range one that falls into it. */
  key(range?: { readonly from: bigint; readonly to: bigint }): string {
    for (;;) {
      const key = `key-${this.#keys++}`;
      const hash = keyHash(key);
      if (range === undefined || (hash >= range.from && hash <= range.to)) return key;
    }
  }

  /** An envelope of `lines` lines, each a row of its own in a digest; some have no data, some are no flow-log lines. */
  envelope(lines: number, partitionKey: string = this.key()): TestRecord {
    const n = ++this.#envelopes;
    const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    const sum = { flows: 0, packets: 0, bytes: 0 };
    const seen = { nodata: 0, skipdata: 0, rejects: 0 };
    const line = (i: number): string => {
      const start = this.#began + (n % 5) * 60 + (i % 60);
      const kind = i === 0 ? 1 : this.#random(); // the first line is a flow
      if (kind < 0.02) {
        seen.nodata++;
        return `2 123456789012 eni-${n}a - - - - - - - ${start} ${start + 60} - NODATA`;
      }
      if (kind < 0.03) {
        seen.skipdata++;
        return `2 123456789012 eni-${n}a - - - - - - - ${start} ${start + 60} - SKIPDATA`;
      }
      if (kind < 0.04) {
        seen.rejects++;
        return `2 123456789012 eni-${n}a ${address} too few tokens`;
      }
      const [packets, bytes] = [1 + Math.floor(this.#random() * 100), 40 + Math.floor(this.#random() * 100_000)];
      sum.flows++;
      sum.packets += packets;
      sum.bytes += bytes;
      const action = this.#random() < 0.1 ? 'REJECT' : 'ACCEPT';
      const ends = `${address} 172.16.${i >> 8}.${i & 255} 40000 443`;
      return `2 123456789012 eni-${n}a ${ends} 6 ${packets} ${bytes} ${start} ${start + 30} ${action} OK`;
    };
    const data = this.#gzip(
      n,
      Array.from({ length: lines }, (_, i) => line(i)),
      'DATA_MESSAGE',
    );
    const count = { ...NOTHING, records: 1, envelopes: 1, lines, ...sum, ...seen };
    return { partitionKey, data, count, sums: new Map([[address, sum]]) };
  }

  /** The message with which CloudWatch Logs tries a new subscription. */
  control(): TestRecord {
    const data = this.#gzip(
      0,
      ['CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.'],
      'CONTROL_MESSAGE',
    );
    return { partitionKey: this.key(), data, count: { ...NOTHING, records: 1, control: 1 }, sums: new Map() };
  }

  /** A record that says that it is an envelope and is none: one reject. */
  poison(data: Buffer, partitionKey: string = this.key()): TestRecord {
    return { partitionKey, data, count: { ...NOTHING, records: 1, rejects: 1 }, sums: new Map() };
  }

  /** Bytes that are nothing known, and so text: what stands between their newlines is a line, and a reject. */
  noise(data: Buffer, partitionKey: string = this.key()): TestRecord {
    const text = data.toString('latin1').split('\n');
    const lines = text.filter((line) => /[^\r ]/.test(line)).length;
    return { partitionKey, data, count: { ...NOTHING, records: 1, lines, rejects: lines }, sums: new Map() };
  }

  #gzip(n: number, lines: readonly string[], messageType: string): Buffer {
    const logEvents = lines.map((message, i) => {
      return { id: String(n * 100_000 + i).padStart(56, '0'), timestamp: this.#began * 1000, message };
    });
    const head = { owner: '123456789012', logGroup: 'flows', logStream: 'eni-all', subscriptionFilters: ['f'] };
    return gzipSync(JSON.stringify({ messageType, ...head, logEvents }));
  }
}

/** The same envelope once more, as CloudWatch Logs does: under the same partition key. */
export const redelivered = (record: TestRecord): TestRecord => ({
  ...record,
  count: { ...NOTHING, records: record.count.records, duplicates: record.count.envelopes },
  sums: new Map(),
});

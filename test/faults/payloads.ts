// What a test puts on a stream, good and poisonous, each with what it must count as.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RejectReason } from '../../schemas/rejects.ts';
import { MAX_LINE_BYTES } from '../../schemas/rejects.ts';
import { envelope } from './world.ts';

/** What one put becomes: several records under one sequence number are an aggregate that its library has parted. */
export interface Payload {
  readonly data: readonly Buffer[];
  /** The envelopes that it delivers, in order. */
  readonly envelopes: readonly number[];
  readonly rejects?: readonly RejectReason[];
  readonly control?: number;
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const field = (tag: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag * 8 + 2, ...varint(bytes.length)]), bytes]);

const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);

/** An aggregate as the Kinesis Producer Library writes it, for readers that do not part it. */
export const aggregateOf = (parts: readonly Buffer[]): Buffer => {
  const record = (data: Buffer): Buffer => Buffer.concat([Buffer.from([8, 0]), field(3, data)]);
  const message = Buffer.concat([field(1, Buffer.from('p')), ...parts.map((data) => field(3, record(data)))]);
  return Buffer.concat([MAGIC, message, createHash('md5').update(message).digest()]);
};

const json = (messageType: string, messages: readonly string[], n: number): string =>
  JSON.stringify({
    messageType,
    owner: '123456789012',
    logGroup: 'flows',
    logStream: 'eni-0b-all',
    subscriptionFilters: ['f'],
    // Never redelivered: ids of their own, whose ranges touch no other's.
    logEvents: messages.map((message, i) => ({ id: String(10 ** 12 + n * 10 + i), timestamp: 1_000, message })),
  });

export const controlMessage = (n: number): Payload => ({
  data: [gzipSync(json('CONTROL_MESSAGE', ['CWL CONTROL MESSAGE: Checking health of destination.'], n))],
  envelopes: [],
  control: 1,
});

const line = (address: string): string =>
  `2 123456789012 eni-0b ${address} 10.2.0.1 40000 443 6 3 100 1700000000 1700000010 ACCEPT OK`;

const rejected = (data: Buffer, reason: RejectReason): Payload => ({ data: [data], envelopes: [], rejects: [reason] });

/** Bytes on which the decoder itself fails, wherever they are delivered: searching them throws. */
const failing = (): Buffer => {
  const data = Buffer.from(`${line('10.9.0.1')}\n${line('10.9.0.2')}`);
  data.indexOf = () => {
    throw new Error('a mistake of ours');
  };
  return data;
};

/** Poison of every kind; `n` makes each of its own, `start` (s) is when the flow in it began. */
export const POISON: Readonly<Record<string, (n: number, start: number) => Payload>> = {
  'gzip that is garbage': () =>
    rejected(
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), Buffer.alloc(64, 0xff)]),
      'envelope_undecodable',
    ),
  'a truncated envelope': (n, start) => {
    const whole = envelope(n, start);
    return rejected(whole.subarray(0, Math.floor(whole.length / 2)), 'envelope_truncated');
  },
  'control bytes in a line': (n) =>
    rejected(gzipSync(json('DATA_MESSAGE', ['\u0000\u0001\u001b\u2028'], n)), 'token_count'),
  'a bad address': (n) => rejected(gzipSync(json('DATA_MESSAGE', [line('10.1.1.999')], n)), 'bad_address'),
  'a huge line': (n) =>
    rejected(gzipSync(json('DATA_MESSAGE', [line('1'.repeat(MAX_LINE_BYTES))], n)), 'line_too_long'),
  'bytes that are no text': () => rejected(Buffer.from([0xff, 0xfe, 0x80, 0x81, 0xc0]), 'token_count'),
  'a mistake of the decoder': () => rejected(failing(), 'decoder_error'),
  'a frame of the producer library that is damaged': () =>
    rejected(Buffer.concat([MAGIC, Buffer.alloc(40, 0x7f)]), 'token_count'),
  'JSON of another kind': () => rejected(Buffer.from('{"no":"envelope"}'), 'envelope_undecodable'),
  'a message type that nobody knows': (n) =>
    rejected(gzipSync(json('OTHER_MESSAGE', ['x'], n)), 'envelope_undecodable'),
};

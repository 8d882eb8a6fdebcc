// Aggregates of the Kinesis Producer Library: the user's records come out, and anything else is what it is.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type UserRecord, userRecords } from '../../../pipeline/envelope/aggregate.ts';
import { decodeRecords, envelope, flowLine } from '../decode/decoded.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const field = (tag: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag * 8 + 2, ...varint(bytes.length)]), bytes]);
const number = (tag: number, value: number): Buffer => Buffer.from([tag * 8, ...varint(value)]);

const framed = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), message, createHash('md5').update(message).digest()]);

/** As the library writes it: a table of keys, explicit hash keys and tags that nobody needs, the records. */
const aggregate = (records: readonly UserRecord[]): Buffer => {
  const keys = [...new Set(records.map(({ partitionKey }) => partitionKey))];
  const record = ({ partitionKey, data }: UserRecord): Buffer =>
    Buffer.concat([
      number(1, keys.indexOf(partitionKey)),
      number(2, 0),
      field(3, data),
      field(4, field(1, Buffer.from('tag'))),
    ]);
  return framed(
    Buffer.concat([
      ...keys.map((key) => field(1, Buffer.from(key))),
      field(2, Buffer.from('170141183460469231731687303715884105728')),
      ...records.map((one) => field(3, record(one))),
    ]),
  );
};

const records = fc.array(
  fc.record({ partitionKey: fc.string(), data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) }),
  { maxLength: 200 },
);

describe('aggregates', () => {
  test('give back the records', () => {
    fc.assert(
      fc.property(records, (all) => {
        expect(userRecords(aggregate(all))).toEqual(all);
      }),
    );
  });

  test('that are damaged are none', () => {
    const whole = aggregate([{ partitionKey: 'a', data: Buffer.from('data') }]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = Buffer.from(whole);
        damaged[at] ^= mask;
        expect(userRecords(damaged)).toBeNull();
        expect(userRecords(whole.subarray(0, at))).toBeNull();
      }),
    );
  });

  test('of anything else than aggregated records are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const inside = userRecords(framed(Buffer.from(bytes)));
        expect(inside === null || inside.length < 60).toBe(true);
      }),
    );
    expect(userRecords(framed(field(3, Buffer.concat([number(1, 5), field(3, Buffer.from('x'))]))))).toBeNull();
    expect(userRecords(framed(Buffer.from([0xff])))).toBeNull();
  });

  test('are one record, whose records are decoded each by itself', async () => {
    const data = (text: string): Buffer => gzipSync(text);
    const message = { partitionKey: 'fh:request:0', data: Buffer.from(JSON.stringify({ message: flowLine(9) })) };
    const { counts, rejects } = await decodeRecords([
      aggregate([
        { partitionKey: 'a', data: data(envelope([flowLine(1), flowLine(2)])) },
        message,
        { partitionKey: 'b', data: Buffer.from('bad') },
      ]),
    ]);
    expect(counts).toMatchObject({ records: 1, envelopes: 1, lines: 4, flows: 3 });
    expect(rejects).toMatchObject([{ source: 'record-0.2', raw: 'bad' }]);
  });
});

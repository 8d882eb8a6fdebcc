// What the daemon's fields become: every record that a stream can hold, and a clear error for what no daemon sends.
import { describe, expect, test } from 'vitest';
import { millisBehindLatest, shardStart, streamRecords } from '../../../../../consumers/shared/kcl/child/wire.ts';

const record = (fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  action: 'record',
  data: Buffer.from('hello').toString('base64'),
  partitionKey: 'key',
  sequenceNumber: '49635052289529725553291405521504870233219489715332317186',
  approximateArrivalTimestamp: 1668093033744,
  subSequenceNumber: 3,
  ...fields,
});

describe('a record', () => {
  test('is decoded', () => {
    expect(streamRecords([record()])).toEqual([
      {
        sequenceNumber: '49635052289529725553291405521504870233219489715332317186',
        subSequenceNumber: 3,
        partitionKey: 'key',
        data: Buffer.from('hello'),
        arrival: 1668093033744,
      },
    ]);
  });

  test.each([0, 1, 2, 3, 4, 100_001])('of %d bytes has them all', (length) => {
    const data = Buffer.alloc(length, 0xfb);
    const [decoded] = streamRecords([record({ data: data.toString('base64') })]);
    expect(decoded?.data.equals(data)).toBe(true);
  });

  test.each([undefined, null])('without a sub-sequence number (%s) is no part of an aggregate', (subSequenceNumber) => {
    expect(streamRecords([record({ subSequenceNumber })])[0]?.subSequenceNumber).toBe(0);
  });

  test('gives the text of its data back to memory', () => {
    const given = [record(), record()];
    expect(streamRecords(given)).toHaveLength(2);
    expect(given).toEqual([]);
  });

  test.each([
    [{ data: 'QUJ*' }, 'data of 4963'],
    [{ data: 'QUJDR' }, 'data of 4963'],
    [{ data: 5 }, 'data of 4963'],
    [{ data: null }, 'data of 4963'],
    [{ sequenceNumber: 12 }, 'sequenceNumber of record 1 is 12'],
    [{ sequenceNumber: 'SHARD_END' }, 'sequenceNumber of record 1 is "SHARD_END"'],
    [{ sequenceNumber: undefined }, 'sequenceNumber of record 1 is nothing'],
    [{ partitionKey: null }, 'partitionKey of 4963'],
    [{ approximateArrivalTimestamp: null }, 'approximateArrivalTimestamp of 4963'],
    [{ approximateArrivalTimestamp: 1.5 }, 'is 1.5'],
    [{ subSequenceNumber: -1 }, 'subSequenceNumber of 4963'],
  ])('with %j is refused by name', (fields, what) => {
    expect(() => streamRecords([record(), record(fields)])).toThrow(what);
  });

  test.each([undefined, null, {}, 'x'])('list that is none (%j) is refused', (given) => {
    expect(() => streamRecords(given)).toThrow('records is');
  });

  test('that is none is refused, and what is shown of it is short', () => {
    expect(() => streamRecords([null])).toThrow('record 0 is null');
    const huge = record({ data: 'A'.repeat(1_000_001) });
    expect(() => streamRecords([huge])).toThrow(/^.{1,300}$/);
  });
});

describe('a start', () => {
  test.each(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP', '4963505228952972555329140'])('at %s', (sequenceNumber) => {
    expect(shardStart({ shardId: 'shardId-000000000001', sequenceNumber, subSequenceNumber: 7 })).toEqual({
      shardId: 'shardId-000000000001',
      position: sequenceNumber,
    });
  });

  test('without a position is at the oldest record', () => {
    const start = { shardId: 'shardId-000000000001', position: 'TRIM_HORIZON' };
    expect(shardStart({ shardId: start.shardId, sequenceNumber: null, subSequenceNumber: null })).toEqual(start);
  });

  test('at what is no position, or of no shard, is refused', () => {
    expect(() => shardStart({ shardId: 'shardId-000000000001', sequenceNumber: 'HERE' })).toThrow('is "HERE"');
    expect(() => shardStart({ sequenceNumber: 'LATEST' })).toThrow('shardId is nothing');
  });
});

test('how far behind may be unknown, and is never guessed', () => {
  expect([0, 12, null, undefined].map(millisBehindLatest)).toEqual([0, 12, null, null]);
  expect(() => millisBehindLatest('0')).toThrow('millisBehindLatest is "0"');
});

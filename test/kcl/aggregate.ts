// Turns records into one record as the Kinesis Producer Library aggregates them, whole or damaged in a chosen way.
// Source: awslabs/amazon-kinesis-producer, aggregation-format.md: magic, protobuf AggregatedRecord, MD5 of the protobuf.
import { createHash } from 'node:crypto';
import { addCounts, NOTHING, type TestRecord } from './traffic.ts';

const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
};

/** A length-delimited field. */
const field = (tag: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([varint(tag * 8 + 2), varint(bytes.length), bytes]);

/** The aggregate's message; `indexes` says which key of the table each record has. */
const message = (records: readonly TestRecord[], indexes: readonly number[]): Buffer =>
  Buffer.concat([
    ...records.map(({ partitionKey }) => field(1, Buffer.from(partitionKey))),
    ...records.map(({ data }, i) => field(3, Buffer.concat([varint(8), varint(indexes[i]!), field(3, data)]))),
  ]);

const closed = (protobuf: Buffer): Buffer =>
  Buffer.concat([MAGIC, protobuf, createHash('md5').update(protobuf).digest()]);

/** Several records as one. It counts as what is in it. */
export const aggregate = (records: readonly TestRecord[]): TestRecord => {
  return {
    partitionKey: records[0]!.partitionKey,
    data: closed(message(records, [...records.keys()])),
    count: records.map(({ count }) => count).reduce(addCounts, NOTHING),
    sums: new Map(records.flatMap(({ sums }) => [...sums])),
  };
};

/** Bytes that begin as an aggregate does and are none: nothing in them can be trusted. */
export const brokenAggregates = (records: readonly TestRecord[]): readonly Buffer[] => {
  const indexes = [...records.keys()];
  const whole = closed(message(records, indexes));
  const digestWrong = Buffer.from(whole);
  digestWrong[digestWrong.length - 1]! ^= 0xff;
  return [
    digestWrong,
    whole.subarray(0, whole.length / 2),
    closed(message(records, indexes).subarray(0, -1)), // its digest is right and its protobuf is not
    MAGIC,
    closed(Buffer.from([0xff])),
  ];
};

/**
 * A whole aggregate in which one more record, the last, names a partition key that the table does not have. The library
 * delivers what stands before it.
 */
export const aggregateWithoutKey = (records: readonly TestRecord[]): TestRecord => {
  const indexes = [...records.keys(), records.length + 7];
  return { ...aggregate(records), data: closed(message([...records, records[0]!], indexes)) };
};

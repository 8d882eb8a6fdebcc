// Turns a record that the Kinesis Producer Library has aggregated into the records of its user.
// Source: awslabs/amazon-kinesis-producer, aggregation-format.md: magic, protobuf AggregatedRecord, MD5 of the protobuf.
import { createHash } from 'node:crypto';

/** One record as its producer has put it. */
export interface UserRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

const MAGIC = [0xf3, 0x89, 0x9a, 0xc2];
const DIGEST_BYTES = 16;

// Wire types of protobuf.
const VARINT = 0;
const BYTES = 2;

interface Field {
  readonly tag: number;
  readonly value: number; // of a varint
  readonly bytes: Buffer; // of a length-delimited field
}

const NOTHING = Buffer.alloc(0);

/** The fields of a protobuf message; null where it is none, or has wire types that this one never has. */
const fieldsOf = (message: Buffer): Field[] | null => {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < message.length && scale <= 2 ** 49; scale *= 128) {
      const byte = message[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  while (at < message.length) {
    const key = varint();
    const value = varint();
    if (key < 0 || value < 0) return null;
    const wire = key % 8;
    const tag = Math.floor(key / 8);
    if (wire === VARINT) fields.push({ tag, value, bytes: NOTHING });
    else if (wire === BYTES && value <= message.length - at) {
      fields.push({ tag, value: 0, bytes: message.subarray(at, at + value) });
      at += value;
    } else return null;
  }
  return fields;
};

const userRecord = (message: Buffer, keys: readonly string[]): UserRecord | null => {
  const fields = fieldsOf(message);
  const key = fields?.find(({ tag }) => tag === 1);
  const data = fields?.find(({ tag }) => tag === 3);
  if (key === undefined || data === undefined || key.value >= keys.length) return null;
  return { partitionKey: keys[key.value], data: data.bytes };
};

/** The records inside, in order; null when the record is no whole and undamaged aggregate, and so what it is. */
export const userRecords = (data: Buffer): UserRecord[] | null => {
  const end = data.length - DIGEST_BYTES;
  if (end < MAGIC.length || MAGIC.some((byte, i) => data[i] !== byte)) return null;
  const message = data.subarray(MAGIC.length, end);
  if (!createHash('md5').update(message).digest().equals(data.subarray(end))) return null;
  const fields = fieldsOf(message);
  if (fields === null) return null;
  const keys = fields.filter(({ tag }) => tag === 1).map(({ bytes }) => bytes.toString());
  const records: UserRecord[] = [];
  for (const { tag, bytes } of fields) {
    if (tag !== 3) continue;
    const record = userRecord(bytes, keys);
    if (record === null) return null;
    records.push(record);
  }
  return records;
};

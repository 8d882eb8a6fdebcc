// Turns the body of a request of Firehose into the records that go on the stream, or into why not one of them does.
import { isUtf8 } from 'node:buffer';
import { userRecords } from '../envelope/aggregate.ts';
import { behindHeader } from './declared-header.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { RequestHead } from './request-head.ts';

const MAX_RECORDS = 10_000;
const MAX_RECORD_BYTES = 1_024_000;
/** Inside of aggregates, so that no request grows to any size. */
const MAX_OUTGOING = 100_000;

/** One record for the stream; its key is its identity, so that a request that comes twice counts once. */
export interface DeliveredRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

export interface Delivery {
  readonly records: readonly DeliveredRecord[];
  /** As Firehose counts them: an aggregate is one. */
  readonly count: number;
  /** Their bytes, as they came. */
  readonly bytes: number;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (body: Buffer): unknown => {
  if (!isUtf8(body)) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};

/** Null where it is no strict base64: Node itself skips over what it does not know. */
const decoded = (text: string): Buffer | null => {
  const data = Buffer.from(text, 'base64');
  return data.toString('base64') === text ? data : null;
};

/** The record's data, or what is wrong with it. */
const dataOf = (record: unknown): Buffer | string => {
  if (!isObject(record)) return 'is no object';
  const { data } = record;
  if (typeof data !== 'string') return 'has no data';
  const bytes = decoded(data);
  if (bytes === null) return 'has data that are not base64';
  return bytes.length > MAX_RECORD_BYTES ? `has ${bytes.length} bytes, more than ${MAX_RECORD_BYTES}` : bytes;
};

/**
 * Reads `{"requestId","timestamp","records":[{"data"}]}`, all of it before anything is said of a part. An empty record
 * goes on the stream like any other. What the Kinesis Producer Library has aggregated is taken apart
 * (`fh:<id>:<index>.<index inside>`), because the identity of an aggregate is none of the records inside.
 */
export const planDelivery = ({ requestId, headerLine }: RequestHead, body: Buffer): Delivery | Refusal => {
  const request = parsed(body);
  if (!isObject(request)) return refuse(400, 'the body is no JSON object in UTF-8');
  if (request.requestId !== requestId)
    return refuse(400, 'the requestId of the body is not that of the header X-Amz-Firehose-Request-Id');
  const { timestamp, records } = request;
  if (timestamp !== undefined && !Number.isSafeInteger(timestamp))
    return refuse(400, 'the timestamp of the body is no whole number of milliseconds');
  if (!Array.isArray(records)) return refuse(400, 'the body has no records');
  if (records.length < 1 || records.length > MAX_RECORDS)
    return refuse(400, `the body has ${records.length} records, not 1 to ${MAX_RECORDS}`);
  const outgoing: DeliveredRecord[] = [];
  const put = headerLine === null ? (data: Buffer) => data : behindHeader(headerLine);
  let bytes = 0;
  for (const [i, record] of records.entries()) {
    const data = dataOf(record);
    if (typeof data === 'string') return refuse(400, `record ${i} ${data}`);
    bytes += data.length;
    const key = `fh:${requestId}:${i}`;
    const inside = userRecords(data);
    if (inside === null) outgoing.push({ partitionKey: key, data: put(data) });
    else for (const [j, one] of inside.entries()) outgoing.push({ partitionKey: `${key}.${j}`, data: put(one.data) });
    if (outgoing.length > MAX_OUTGOING) return refuse(400, `the records hold more than ${MAX_OUTGOING} records`);
  }
  return { records: outgoing, count: records.length, bytes };
};

// Turns records into PutRecords calls within the service's limits, and puts again what a call did not take.
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { type StreamIdentity, streamError } from './kinesis.ts';

export interface OutgoingRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

export const MAX_BATCH_RECORDS = 500;
export const MAX_BATCH_BYTES = 5 * 1024 * 1024;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** Attempts without any progress after which the stream counts as closed to us: about half a minute. */
const MAX_ATTEMPTS = 10;

const sizeOf = (record: OutgoingRecord): number => record.data.length + Buffer.byteLength(record.partitionKey);

/** Which records go in which call, in order; a record larger than a batch goes alone. */
export const batches = (records: readonly OutgoingRecord[]): readonly (readonly OutgoingRecord[])[] => {
  const planned: OutgoingRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    const open = planned.at(-1);
    if (open === undefined || open.length === MAX_BATCH_RECORDS || bytes + size > MAX_BATCH_BYTES) {
      planned.push([record]);
      bytes = size;
    } else {
      open.push(record);
      bytes += size;
    }
  }
  return planned;
};

/**
 * Puts all records; resolves once the stream has taken every one. A record may be stored twice when an answer is lost:
 * the stream is at least once. Rejects with VF_STREAM when nothing of a batch is taken for about half a minute.
 */
export const putRecords = async (
  client: KinesisClient,
  stream: StreamIdentity,
  records: readonly OutgoingRecord[],
  clock: Clock,
): Promise<void> => {
  for (const batch of batches(records)) await putBatch(client, stream, batch, clock);
};

const putBatch = async (
  client: KinesisClient,
  stream: StreamIdentity,
  batch: readonly OutgoingRecord[],
  clock: Clock,
): Promise<void> => {
  let left = batch;
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt > 0) await clock.sleep(Math.min(FIRST_BACKOFF_MS * 2 ** attempt, MAX_BACKOFF_MS));
    const refused = await putOnce(client, stream, left);
    if (refused.left.length < left.length) attempt = 0;
    left = refused.left;
    if (left.length > 0 && attempt >= MAX_ATTEMPTS)
      throw new VpcflowError('VF_STREAM', `stream ${stream.name} does not take records: ${refused.why}`);
  }
};

/** One call; what of it was not taken, and why. */
const putOnce = async (
  client: KinesisClient,
  stream: StreamIdentity,
  batch: readonly OutgoingRecord[],
): Promise<{ readonly left: readonly OutgoingRecord[]; readonly why: string }> => {
  const Records = batch.map(({ partitionKey, data }) => ({ PartitionKey: partitionKey, Data: data }));
  try {
    const answer = await client.send(new PutRecordsCommand({ StreamARN: stream.arn, Records }));
    const results = answer.Records ?? [];
    const left = batch.filter((_, i) => results[i]?.SequenceNumber === undefined);
    return { left, why: results.find((result) => result.ErrorCode !== undefined)?.ErrorMessage ?? 'no reason given' };
  } catch (error) {
    throw streamError(`records cannot be put to ${stream.name}`, error);
  }
};

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

/** For who has only so much time; without it a put goes on for as long as the stream takes something. */
export interface PutBounds {
  /** Ends the effort: what was put stays put. */
  readonly signal: AbortSignal;
  /** After which a call without an answer is made again, ms. What it has put is then stored twice. */
  readonly callTimeout: number;
  /** Told how many records are put again, before each further attempt. */
  readonly onRetry?: (records: number) => void;
}

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
 * the stream is at least once. Rejects with VF_STREAM when nothing of a batch is taken for about half a minute, when the
 * bounds' signal aborts, and when a call fails for good.
 */
export const putRecords = async (
  client: KinesisClient,
  stream: StreamIdentity,
  records: readonly OutgoingRecord[],
  clock: Clock,
  bounds: PutBounds | null = null,
): Promise<void> => {
  for (const batch of batches(records)) await putBatch(client, stream, batch, clock, bounds);
};

/** So that those who were refused together do not come back together. */
const withJitter = (ms: number): number => ms * (0.5 + Math.random() / 2);

const putBatch = async (
  client: KinesisClient,
  stream: StreamIdentity,
  batch: readonly OutgoingRecord[],
  clock: Clock,
  bounds: PutBounds | null,
): Promise<void> => {
  let left = batch;
  let why = 'there was no time left';
  const fail = (): never => {
    throw new VpcflowError('VF_STREAM', `stream ${stream.name} does not take records: ${why}`);
  };
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt > MAX_ATTEMPTS) fail();
    if (attempt > 0)
      await clock.sleep(withJitter(Math.min(FIRST_BACKOFF_MS * 2 ** attempt, MAX_BACKOFF_MS)), bounds?.signal);
    if (bounds?.signal.aborted) fail();
    if (attempt > 0) bounds?.onRetry?.(left.length);
    const refused = await putOnce(client, stream, left, clock, bounds);
    if (refused.left.length < left.length) attempt = 0;
    left = refused.left;
    why = refused.why;
  }
};

/** One call; what of it was not taken, and why. */
const putOnce = async (
  client: KinesisClient,
  stream: StreamIdentity,
  batch: readonly OutgoingRecord[],
  clock: Clock,
  bounds: PutBounds | null,
): Promise<{ readonly left: readonly OutgoingRecord[]; readonly why: string }> => {
  const Records = batch.map(({ partitionKey, data }) => ({ PartitionKey: partitionKey, Data: data }));
  const call = new AbortController();
  const answered = new AbortController();
  const abort = (): void => call.abort();
  bounds?.signal.addEventListener('abort', abort);
  if (bounds !== null) void clock.sleep(bounds.callTimeout, answered.signal).then(abort);
  try {
    const command = new PutRecordsCommand({ StreamARN: stream.arn, Records });
    const answer = await client.send(command, { abortSignal: call.signal });
    const results = answer.Records ?? [];
    const left = batch.filter((_, i) => results[i]?.SequenceNumber === undefined);
    return { left, why: results.find((result) => result.ErrorCode !== undefined)?.ErrorMessage ?? 'no reason given' };
  } catch (error) {
    if (bounds !== null && call.signal.aborted && !answered.signal.aborted)
      return { left: batch, why: `no answer within ${bounds.callTimeout / 1000} s` };
    throw streamError(`records cannot be put to ${stream.name}`, error);
  } finally {
    answered.abort();
    bounds?.signal.removeEventListener('abort', abort);
  }
};

// Turns a shard of a stream into the answer to: which is the first record at or after this position that can still be read?
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  InvalidArgumentException,
  type KinesisClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-kinesis';
import type { Clock } from '../../../schemas/clock.ts';
import type { ShardHistory } from '../../../schemas/processor.ts';
import { type StreamIdentity, streamError } from '../kinesis.ts';

const PAUSE_MS = 250; // five reads a second are allowed on a shard, by all its readers

/** The history of one shard, read from the service. */
export const shardHistory = (
  client: KinesisClient,
  stream: StreamIdentity,
  shard: string,
  clock: Clock,
): ShardHistory => {
  const iterator = async (sequenceNumber: string | null): Promise<string | undefined> => {
    const answer = await client.send(
      new GetShardIteratorCommand({
        StreamARN: stream.arn,
        ShardId: shard,
        ...(sequenceNumber === null
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: sequenceNumber }),
      }),
    );
    return answer.ShardIterator;
  };
  const open = async (sequenceNumber: string): Promise<string | undefined> => {
    try {
      return await iterator(sequenceNumber);
    } catch (error) {
      // A number that the service does not know: from the oldest record on, then.
      if (error instanceof InvalidArgumentException || error instanceof ResourceNotFoundException)
        return await iterator(null);
      throw error;
    }
  };
  const search = async (from: bigint): Promise<string | null> => {
    let next = await open(String(from));
    while (next !== undefined && next !== null) {
      const answer = await client.send(new GetRecordsCommand({ ShardIterator: next, StreamARN: stream.arn }));
      const records = answer.Records ?? [];
      const found = records.find((record) => BigInt(record.SequenceNumber ?? '-1') >= from);
      if (found?.SequenceNumber !== undefined) return found.SequenceNumber;
      if (records.length === 0 && answer.MillisBehindLatest === 0) return null; // the tip
      next = answer.NextShardIterator;
      await clock.sleep(PAUSE_MS);
    }
    return null;
  };
  const first = async (from: bigint): Promise<string | null> => {
    try {
      return await search(from);
    } catch (error) {
      throw streamError(`the history of shard ${shard} of ${stream.name} cannot be read`, error);
    }
  };
  return {
    firstFrom: (sequenceNumber) => first(BigInt(sequenceNumber)),
    firstAfter: (sequenceNumber) => first(BigInt(sequenceNumber) + 1n),
  };
};

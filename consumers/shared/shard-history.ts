// Turns a shard of a stream into the answer to: which is the first record at or after this position that can still be read?
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  InvalidArgumentException,
  type KinesisClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-kinesis';
import { CHAIN_START } from '../../pipeline/keys.ts';
import type { Clock } from '../../schemas/clock.ts';
import type { ShardHistory } from '../../schemas/processor.ts';
import { type StreamIdentity, streamError } from './kinesis.ts';

const PAUSE_MS = 250; // five reads a second are allowed on a shard, by all its readers

/** Positions that name a record: one that the service does not know is an error to it. */
type Known = 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER';
type Position = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber'>;
const OLDEST: Position = { ShardIteratorType: 'TRIM_HORIZON' };

/** The history of one shard, read from the service. */
export const shardHistory = (
  client: KinesisClient,
  stream: StreamIdentity,
  shard: string,
  clock: Clock,
): ShardHistory => {
  const iterator = async (position: Position): Promise<string | undefined> => {
    const answer = await client.send(
      new GetShardIteratorCommand({ StreamARN: stream.arn, ShardId: shard, ...position }),
    );
    return answer.ShardIterator;
  };
  const open = async (type: Known, sequenceNumber: string): Promise<string | undefined> => {
    if (sequenceNumber === CHAIN_START) return await iterator(OLDEST);
    try {
      return await iterator({ ShardIteratorType: type, StartingSequenceNumber: sequenceNumber });
    } catch (error) {
      // A number that the service does not know: from the oldest record on, then.
      if (error instanceof InvalidArgumentException || error instanceof ResourceNotFoundException)
        return await iterator(OLDEST);
      throw error;
    }
  };
  const search = async (type: Known, sequenceNumber: string): Promise<string | null> => {
    const from = BigInt(sequenceNumber) + (type === 'AFTER_SEQUENCE_NUMBER' ? 1n : 0n);
    let next = await open(type, sequenceNumber);
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
  const first = async (type: Known, sequenceNumber: string): Promise<string | null> => {
    try {
      return await search(type, sequenceNumber);
    } catch (error) {
      throw streamError(`the history of shard ${shard} of ${stream.name} cannot be read`, error);
    }
  };
  return {
    firstFrom: (sequenceNumber) => first('AT_SEQUENCE_NUMBER', sequenceNumber),
    firstAfter: (sequenceNumber) => first('AFTER_SEQUENCE_NUMBER', sequenceNumber),
  };
};

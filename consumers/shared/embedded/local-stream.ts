// Turns the stream of the local Kinesis into a young one: created when missing, renewed when it was read to its end.
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  ResourceNotFoundException,
  type Shard,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { streamError } from '../kinesis.ts';

const POLL_MS = 50;
/** The longest wait for a change that takes the local Kinesis a moment: a busy machine may take its time for it. */
const CHANGE_MS = 120_000;

const statusOf = async (client: KinesisClient, name: string): Promise<string | null> => {
  try {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    return answer.StreamDescriptionSummary?.StreamStatus ?? null;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw streamError(`stream ${name} cannot be described`, error);
  }
};

const untilStatus = async (client: KinesisClient, name: string, status: string | null, clock: Clock): Promise<void> => {
  const deadline = clock.now() + CHANGE_MS;
  while ((await statusOf(client, name)) !== status) {
    if (clock.now() > deadline)
      throw new VpcflowError('VF_STREAM', `stream ${name} did not become ${status?.toLowerCase() ?? 'free'}`);
    await clock.sleep(POLL_MS);
  }
};

/** Creates the stream unless it is there, and waits until it can be used; resolves to whether it was there. */
export const ensureStream = async (
  client: KinesisClient,
  name: string,
  shards: number,
  clock: Clock,
): Promise<boolean> => {
  const existed = (await statusOf(client, name)) !== null;
  if (!existed) {
    await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards })).catch((error: unknown) => {
      throw streamError(`stream ${name} cannot be created`, error);
    });
  }
  await untilStatus(client, name, 'ACTIVE', clock);
  return existed;
};

/**
 * Deletes the stream, which must have been read and committed to its end, and creates it again under the same name.
 * Its shards have the same names, and larger sequence numbers than ever before (they begin with the time of creation),
 * so the chains in the store go on. That is what makes a restored snapshot safe to write to: kinesis-local would give
 * out numbers once more that it has forgotten, and records that came under them would be taken for old ones.
 */
export const renewStream = async (client: KinesisClient, name: string, shards: number, clock: Clock): Promise<void> => {
  const created = Math.floor(clock.now() / 1000);
  await client.send(new DeleteStreamCommand({ StreamName: name })).catch((error: unknown) => {
    throw streamError(`stream ${name} cannot be deleted`, error);
  });
  await untilStatus(client, name, null, clock);
  // The time of creation counts in whole seconds: never twice in the same one.
  while (Math.floor(clock.now() / 1000) === created) await clock.sleep(POLL_MS);
  await ensureStream(client, name, shards, clock);
};

const openShards = async (client: KinesisClient, name: string): Promise<readonly Shard[]> => {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: name, MaxResults: 1000 }));
  return Shards.filter((shard) => shard.SequenceNumberRange?.EndingSequenceNumber === undefined);
};

/** The middle of a shard's hash keys. */
const middle = ({ HashKeyRange }: Shard): string =>
  String((BigInt(HashKeyRange?.StartingHashKey ?? 0) + BigInt(HashKeyRange?.EndingHashKey ?? 0)) / 2n + 1n);

/**
 * The same for a stream whose shards somebody has split or merged, so that their names cannot be used again: each open
 * shard is split and merged, which gives it a successor of a new name for the same keys. Nothing is deleted.
 */
export const succeedShards = async (client: KinesisClient, name: string, clock: Clock): Promise<void> => {
  try {
    for (const shard of await openShards(client, name)) {
      await client.send(
        new SplitShardCommand({ StreamName: name, ShardToSplit: shard.ShardId, NewStartingHashKey: middle(shard) }),
      );
      await untilStatus(client, name, 'ACTIVE', clock);
      const [left, right] = (await openShards(client, name)).filter((child) => child.ParentShardId === shard.ShardId);
      await client.send(
        new MergeShardsCommand({
          StreamName: name,
          ShardToMerge: left?.ShardId,
          AdjacentShardToMerge: right?.ShardId,
        }),
      );
      await untilStatus(client, name, 'ACTIVE', clock);
    }
  } catch (error) {
    throw streamError(`the shards of stream ${name} cannot be replaced`, error);
  }
};

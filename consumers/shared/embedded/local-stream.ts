// Turns the stream of the local Kinesis into a young one: created when missing, renewed when it was read to its end.
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-kinesis';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { streamError } from '../kinesis.ts';

const POLL_MS = 50;
const CHANGE_MS = 30_000;

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

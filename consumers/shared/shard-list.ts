// Turns what ListShards shows into `watermarks/<stream>/shards.json`: every shard that ever was, so that completeness can ask all.
import { type KinesisClient, ListShardsCommand, type ListShardsCommandInput } from '@aws-sdk/client-kinesis';
import { parseShardList, serialize } from '../../pipeline/documents.ts';
import { shardsKey } from '../../pipeline/keys.ts';
import type { ShardInfo } from '../../schemas/chain.ts';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { type StreamIdentity, streamError } from './kinesis.ts';
import { mergeShards } from './shard-plan.ts';

const MAX_RACES = 20;
/** A list may lag behind a split or merge that a reader has come upon already: about a minute. */
const MAX_LISTINGS = 30;
const LISTING_PAUSE_MS = 2_000;

/** All shards of the stream that the service still lists, closed ones included, ascending. */
export const listShards = async (client: KinesisClient, stream: StreamIdentity): Promise<readonly ShardInfo[]> => {
  const found: ShardInfo[] = [];
  let page: ListShardsCommandInput = { StreamARN: stream.arn };
  try {
    for (;;) {
      const answer = await client.send(new ListShardsCommand(page));
      for (const shard of answer.Shards ?? []) {
        found.push({
          shard: shard.ShardId ?? '',
          parents: [shard.ParentShardId, shard.AdjacentParentShardId].filter((parent) => parent !== undefined),
          closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
        });
      }
      if (answer.NextToken === undefined || answer.NextToken === null) return mergeShards([], found);
      page = { NextToken: answer.NextToken };
    }
  } catch (error) {
    throw streamError(`the shards of ${stream.name} cannot be listed`, error);
  }
};

/**
 * Adds `listed` to the store's list of the stream's shards; resolves to the union once it is durable. Nothing is
 * written when nothing is new. Several workers may do it at once.
 */
export const recordShards = async (
  store: ObjectStore,
  stream: StreamIdentity,
  listed: readonly ShardInfo[],
): Promise<readonly ShardInfo[]> => {
  const key = shardsKey(stream.id);
  for (let race = 0; race < MAX_RACES; race++) {
    const object = await store.get(key);
    const known = object === null ? [] : parseShardList(key, object.body).shards;
    const shards = mergeShards(known, listed);
    const body = serialize({ kind: 'shards', shards });
    if (object !== null && body.equals(object.body)) return shards;
    const condition = object === null ? { ifAbsent: true as const } : { ifMatch: object.tag };
    const { outcome } = await store.put(key, body, condition);
    if (outcome === 'stored') return shards;
  }
  throw new VpcflowError('VF_STORE_UNREACHABLE', `${key} changed ${MAX_RACES} times while it was being written`);
};

/**
 * Makes the children of a shard that was read to its end known, before it is called ended: from then on they are asked
 * in its place, and a shard without any would be complete for ever. A closed shard always has one, until both have
 * expired and neither is listed; rejects with VF_STREAM when the shard is listed without any for a minute.
 */
export const recordChildren = async (
  store: ObjectStore,
  client: KinesisClient,
  stream: StreamIdentity,
  shard: string,
  clock: Clock,
): Promise<void> => {
  for (let listing = 1; ; listing++) {
    const listed = await listShards(client, stream);
    await recordShards(store, stream, listed);
    if (listed.some((info) => info.parents.includes(shard)) || listed.every((info) => info.shard !== shard)) return;
    if (listing === MAX_LISTINGS) {
      const what = `${shard} of ${stream.name} has ended, and the stream does not list what it was split or merged into`;
      throw new VpcflowError('VF_STREAM', what, { help: 'nothing is lost; start again in a minute' });
    }
    await clock.sleep(LISTING_PAUSE_MS);
  }
};

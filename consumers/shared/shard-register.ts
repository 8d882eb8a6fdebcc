// Turns the shards that a reader comes upon into the store's list of them, for streams whose completeness is asked for.
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { ShardInfo } from '../../schemas/chain.ts';
import type { Clock } from '../../schemas/clock.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import type { StreamIdentity } from './kinesis.ts';
import { recordChildren, recordShards } from './shard-list.ts';

/** Who must know of a stream's shards before they are read. */
export interface ShardRegister {
  /** Durable when it resolves: before any of them is begun. */
  listed(shards: readonly ShardInfo[]): Promise<void>;
  /** The shard is read to its end: makes its children known before it is called ended. */
  ending(shard: string): Promise<void>;
}

/**
 * The register in `watermarks/<stream>/shards.json`: from then on a window is complete when every shard of this stream
 * says so, too. For a stream whose records are no rows of a window there must be none.
 */
export const storedRegister = (
  store: ObjectStore,
  client: KinesisClient,
  stream: StreamIdentity,
  clock: Clock,
): ShardRegister => ({
  listed: async (shards) => void (await recordShards(store, stream, shards)),
  ending: (shard) => recordChildren(store, client, stream, shard, clock),
});

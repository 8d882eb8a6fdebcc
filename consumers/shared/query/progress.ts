// Reads the shard lists and watermarks of a store into the progress of each stream.
import type { StreamProgress } from '../../../pipeline/completeness.ts';
import { parseShardList, parseWatermark } from '../../../pipeline/documents.ts';
import type { ShardList, Watermark } from '../../../schemas/chain.ts';
import type { ObjectStore } from '../../../schemas/store.ts';

const PREFIX = 'watermarks/';

/** The progress of every stream that ever fed the store, by stream. Fails with VF_STORE_*. */
export async function loadProgress(store: ObjectStore): Promise<ReadonlyMap<string, StreamProgress>> {
  const keys: string[] = [];
  for await (const object of store.list(PREFIX)) if (object.key.endsWith('.json')) keys.push(object.key);
  const streams = new Map<string, { shards: ShardList | null; watermarks: Map<string, Watermark> }>();
  await Promise.all(
    keys.map(async (key) => {
      const [stream, file] = key.slice(PREFIX.length).split('/');
      const stored = await store.get(key);
      if (stored === null || file === undefined) return;
      const progress = streams.get(stream) ?? { shards: null, watermarks: new Map() };
      streams.set(stream, progress);
      if (file === 'shards.json') progress.shards = parseShardList(key, stored.body);
      else progress.watermarks.set(file.slice(0, -'.json'.length), parseWatermark(key, stored.body));
    }),
  );
  return streams;
}

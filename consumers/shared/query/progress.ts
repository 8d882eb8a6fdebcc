// Reads the shard lists and watermarks of a store into the progress of each stream.
import { z } from 'zod';
import type { StreamProgress } from '../../../pipeline/completeness.ts';
import type { ShardList, Watermark } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';

const WATERMARK: z.ZodType<Watermark> = z.object({
  kind: z.literal('watermark'),
  watermark: z.number(),
  last: z.string(),
  ended: z.boolean(),
  children: z.array(z.string()),
  link: z.string().nullable(),
});

const SHARD_LIST: z.ZodType<ShardList> = z.object({
  kind: z.literal('shards'),
  shards: z.array(z.object({ shard: z.string(), parents: z.array(z.string()), closed: z.boolean() })),
});

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
      if (file === 'shards.json') progress.shards = parse(SHARD_LIST, stored.body, key);
      else progress.watermarks.set(file.slice(0, -'.json'.length), parse(WATERMARK, stored.body, key));
    }),
  );
  return streams;
}

function parse<T>(schema: z.ZodType<T>, body: Buffer, key: string): T {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch (cause) {
    throw new VpcflowError('VF_STORE_CORRUPT', `${key} is no document of this layout`, { cause });
  }
}

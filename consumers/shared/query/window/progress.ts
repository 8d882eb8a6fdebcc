// Reads the shard lists and watermarks of a store into the progress of each stream.

import { parseShardList, parseWatermark } from '../../../../pipeline/documents.ts';
import type { Progress, StreamProgress } from '../../../../pipeline/window/completeness.ts';
import type { LeftOut } from '../../../../pipeline/window/query-plan.ts';
import type { ShardList, Watermark } from '../../../../schemas/chain.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { compareKeys } from '../../store/key.ts';

const PREFIX = 'watermarks/';

/**
 * The progress of every stream that ever fed the store, by stream, and the documents of which none can be read: rows are
 * there without them, only how complete they are is not known. Fails with VF_STORE_UNREACHABLE and VF_STORE_VERSION.
 */
export async function loadProgress(store: ObjectStore): Promise<Progress> {
  const keys: string[] = [];
  for await (const object of store.list(PREFIX)) if (object.key.endsWith('.json')) keys.push(object.key);
  const streams = new Map<string, StreamDocuments>();
  const unread: LeftOut[] = [];
  await Promise.all(
    keys.map(async (key) => {
      const [stream, file] = key.slice(PREFIX.length).split('/');
      if (file === undefined) return;
      const stored = await store.get(key);
      try {
        if (stored === null) throw new VpcflowError('VF_STORE_CORRUPT', 'it is listed, but not there');
        addDocument(documentsOf(streams, stream), key, file, stored.body);
      } catch (error) {
        if (!(error instanceof VpcflowError && error.code === 'VF_STORE_CORRUPT')) throw error;
        unread.push({ key, reason: error.message.replace(`${key}: `, '') });
      }
    }),
  );
  unread.sort((a, b) => compareKeys(a.key, b.key));
  return { streams, unread };
}

interface StreamDocuments extends StreamProgress {
  shards: ShardList | null;
  readonly watermarks: Map<string, Watermark>;
}

function documentsOf(streams: Map<string, StreamDocuments>, stream: string): StreamDocuments {
  const documents = streams.get(stream) ?? { shards: null, watermarks: new Map() };
  streams.set(stream, documents);
  return documents;
}

function addDocument(documents: StreamDocuments, key: string, file: string, body: Buffer): void {
  if (file === 'shards.json') documents.shards = parseShardList(key, body);
  else documents.watermarks.set(file.slice(0, -'.json'.length), parseWatermark(key, body));
}

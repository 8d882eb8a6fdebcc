// Reads the rejects of a store in memory.
import { gunzipSync } from 'node:zlib';
import type { Reject } from '../../../schemas/rejects.ts';
import type { MemoryStore } from '../../fakes/memory-store.ts';

/** All of them, object by object. */
export const decodedRejects = (store: MemoryStore): readonly Reject[] =>
  [...store.backing]
    .filter(([key]) => key.startsWith('rejects/') && key.endsWith('.ndjson.gz'))
    .flatMap(([, body]) => gunzipSync(body).toString().trimEnd().split('\n'))
    .map((line): Reject => JSON.parse(line));

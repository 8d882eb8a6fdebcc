// What a store says was committed, as the ids of the lines that are forwarded.
import { parseCommit } from '../../../../pipeline/documents.ts';
import type { Commit } from '../../../../schemas/chain.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';

export const commitsOf = async (store: ObjectStore): Promise<readonly Commit[]> => {
  const commits: Commit[] = [];
  for await (const { key } of store.list('commits/')) {
    const stored = await store.get(key);
    if (stored === null) throw new Error(`${key} is listed and not there`);
    const document = parseCommit(key, stored.body);
    if (document.kind === 'commit') commits.push(document);
  }
  return commits;
};

/** Of every digest row and every reject, sorted. */
export const committedIds = async (store: ObjectStore): Promise<readonly string[]> =>
  (await commitsOf(store))
    .flatMap(({ objects }) => objects)
    .filter(({ table }) => table === 'digests' || table === 'rejects')
    .flatMap(({ key, rows }) => Array.from({ length: rows }, (_, i) => `${key}#${i}`))
    .sort();

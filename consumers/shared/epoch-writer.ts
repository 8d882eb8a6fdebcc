// Carries out what an epoch planned: stores its objects, then the commit that makes them count; buries lost claims.
import { parseCommit, serialize } from '../../pipeline/documents.ts';
import type { EpochOutput } from '../../pipeline/epoch/contents.ts';
import { commitKey } from '../../pipeline/keys.ts';
import type { ArrivalSpan, Commit, Gap, Replays, Tombstone } from '../../schemas/chain.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { ObjectStore } from '../../schemas/store.ts';

const CONCURRENT_PUTS = 4;

/** What a commit states besides what was decoded. */
export interface CommitHead {
  readonly source: string;
  readonly claim: string; // key
  readonly settings: string; // hash
  readonly decoder: number;
  readonly arrival: ArrivalSpan;
  readonly gap?: Gap;
  readonly final?: boolean;
  readonly replays?: Replays;
}

/** The commit or tombstone in a link's place, or null when it has neither. */
export const readCommit = async (
  store: ObjectStore,
  arrival: ArrivalSpan,
  source: string,
): Promise<Commit | Tombstone | null> => {
  const key = commitKey(arrival.first, source);
  const stored = await store.get(key);
  return stored === null ? null : parseCommit(key, stored.body);
};

/** Stores the objects of an epoch; resolves when all of them are durable. A second writer writes the same bytes. */
export const writeObjects = async (store: ObjectStore, output: EpochOutput): Promise<void> => {
  const queue = [...output.objects];
  const putNext = async (): Promise<void> => {
    for (let object = queue.shift(); object !== undefined; object = queue.shift()) {
      await store.put(object.key, object.body);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_PUTS, queue.length) }, putNext));
};

/** Removes the objects of an epoch that will never be committed. */
export const removeObjects = async (store: ObjectStore, keys: readonly string[]): Promise<void> => {
  for (const key of keys) await store.remove(key);
};

/**
 * Commits an epoch whose objects are durable. `committed`: it counts now, or did already with the same content;
 * `tombstone`: it was given up meanwhile, and what this writer stored has been removed again.
 * @throws VF_CHAIN_BROKEN when another writer committed other counts under the same claim.
 */
export const commitEpoch = async (
  store: ObjectStore,
  head: CommitHead,
  output: EpochOutput,
): Promise<'committed' | 'tombstone'> => {
  const commit: Commit = {
    kind: 'commit',
    ...head,
    counts: output.counts,
    objects: output.objects.map(({ key, table, rows, body }) => ({ key, table, rows, bytes: body.length })),
    longestInterval: output.longestInterval,
  };
  const key = commitKey(head.arrival.first, head.source);
  const body = serialize(commit);
  const put = await store.put(key, body, { ifAbsent: true });
  if (put.outcome === 'stored') return 'committed';
  const other = await store.get(key);
  if (other === null) throw new VpcflowError('VF_CHAIN_BROKEN', `${key} existed and then did not`);
  if (other.body.equals(body)) return 'committed';
  if (parseCommit(key, other.body).kind === 'tombstone') {
    await removeObjects(
      store,
      output.objects.map((object) => object.key),
    );
    return 'tombstone';
  }
  throw new VpcflowError('VF_CHAIN_BROKEN', `${key} was committed with other content than this worker decoded`);
};

/**
 * Puts a tombstone in the place of a claim that was never committed and whose beginning nobody can read any more, and
 * removes what was written under it. Resolves to where the chain goes on: after the tombstone, or after the commit of
 * a writer that was faster.
 */
export const buryClaim = async (
  store: ObjectStore,
  claim: { readonly key: string; readonly last: string; readonly objects: readonly string[] },
  head: { readonly source: string; readonly arrival: ArrivalSpan },
  last: string,
): Promise<string> => {
  const tombstone: Tombstone = {
    kind: 'tombstone',
    source: head.source,
    claim: claim.key,
    arrival: head.arrival,
    last,
    removed: claim.objects,
  };
  const key = commitKey(head.arrival.first, head.source);
  await store.put(key, serialize(tombstone), { ifAbsent: true });
  const winner = await readCommit(store, head.arrival, head.source);
  if (winner === null) throw new VpcflowError('VF_CHAIN_BROKEN', `${key} existed and then did not`);
  if (winner.kind === 'commit') return claim.last;
  await removeObjects(store, winner.removed);
  return winner.last;
};

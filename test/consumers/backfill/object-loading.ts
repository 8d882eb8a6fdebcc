// Loads one object into a store in memory as a backfill does, and says what the store then counts.
import { type LoadedObject, type Loading, loadObject } from '../../../consumers/backfill/object/load-object.ts';
import { identify } from '../../../consumers/backfill/object/object-file.ts';
import { parseCommit } from '../../../pipeline/documents.ts';
import { type Commit, DEFAULT_FEED } from '../../../schemas/chain.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import type { MemoryStore } from '../../fakes/memory-store.ts';

export const load = async (path: string, store: MemoryStore, more: Partial<Loading> = {}): Promise<LoadedObject> => {
  const object = await identify(path, () => {});
  const loading = {
    ...{ store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew: false, dryRun: false },
    ...{ feed: DEFAULT_FEED, overlap: 'refuse' as const },
  };
  return loadObject({ path, name: path }, object, { ...loading, onBytes: () => {}, ...more });
};

export const commits = (store: MemoryStore): readonly Commit[] =>
  [...store.backing]
    .filter(([key]) => key.startsWith('commits/'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, body]) => parseCommit(key, body))
    .filter((document) => document.kind === 'commit');

export const total = (store: MemoryStore) => {
  const all = commits(store).map(({ counts }) => counts);
  const sum = (of: (counts: Commit['counts']) => number) => all.reduce((n, counts) => n + of(counts), 0);
  return {
    records: sum((c) => c.records),
    lines: sum((c) => c.lines),
    flows: sum((c) => c.flows),
    rejects: sum((c) => c.rejects.total),
    bytes: all.reduce((n, { bytes }) => n + bytes, 0n),
  };
};

/** Everything in the store, except who had which name. */
export const contents = (store: MemoryStore): Record<string, string> =>
  Object.fromEntries([...store.backing].sort().map(([key, body]) => [key, body.toString('base64')]));

/** The bytes of lines 0 to `count` - 1 of flow-files.ts. */
export const bytesOf = (count: number): bigint => (BigInt(count) * BigInt(count + 1) * 100n) / 2n;

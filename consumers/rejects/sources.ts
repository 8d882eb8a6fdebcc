// Turns the commits of a store into the sources that have rejects, with what replays took over of each.
import { parsePartClaim } from '../../pipeline/documents.ts';
import { hourPartition } from '../../pipeline/keys.ts';
import { parseReject } from '../../pipeline/rejects/reject-row.ts';
import { unionOf } from '../../pipeline/rejects/row-ranges.ts';
import { mayHaveSelected, type RejectSelection } from '../../pipeline/rejects/selection.ts';
import { type Commit, DEFAULT_FEED, type RowRanges } from '../../schemas/chain.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Window } from '../../schemas/query.ts';
import type { Reject } from '../../schemas/rejects.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { readCommits } from '../shared/audit/commit-list.ts';
import { rejectLogLines } from '../shared/reject-log-lines.ts';

const HOUR = 3_600_000; // ms

/** A source that rejected something. */
export interface RejectSource {
  readonly commit: Commit;
  /** The key of its reject log. */
  readonly log: string;
  /** The rows that committed replays took over. */
  readonly replayed: RowRanges;
}

/** The keys of the commits of one arrival hour after the other. */
async function* hoursOf(store: ObjectStore, window: Window | null): AsyncGenerator<readonly string[], void, void> {
  const prefixes: string[] = [];
  if (window === null) prefixes.push('commits/');
  else {
    for (let t = Math.floor(window.start / HOUR) * HOUR; t < window.stop; t += HOUR)
      prefixes.push(`commits/${hourPartition(t)}/`);
  }
  for (const prefix of prefixes) {
    let keys: string[] = [];
    for await (const { key } of store.list(prefix)) {
      const [before] = keys;
      if (before !== undefined && before.slice(0, before.lastIndexOf('/')) !== key.slice(0, key.lastIndexOf('/'))) {
        yield keys;
        keys = [];
      }
      keys.push(key);
    }
    yield keys;
  }
}

/**
 * The sources that may have selected rejects, by arrival; the first record of each arrived in the window. A replay is
 * committed in the hour of its source, so that one hour at a time is held. Throws VF_STORE_CORRUPT.
 */
export async function* rejectSources(
  store: ObjectStore,
  window: Window | null,
  selection: RejectSelection,
): AsyncGenerator<RejectSource, void, void> {
  for await (const keys of hoursOf(store, window)) {
    const sources: Omit<RejectSource, 'replayed'>[] = [];
    const replayed = new Map<string, RowRanges[]>();
    for await (const { key, document, gap } of readCommits(store, keys)) {
      if (document === null) throw new VpcflowError('VF_STORE_CORRUPT', String(gap?.found ?? `${key} is gone`));
      if (document.kind === 'tombstone') continue;
      const { replays, arrival, counts, objects } = document;
      if (replays !== undefined) {
        const rows = replayed.get(replays.source) ?? [];
        replayed.set(replays.source, [...rows, replays.rows]);
      }
      const inWindow = window === null || (arrival.first >= window.start && arrival.first < window.stop);
      const log = objects.find(({ table }) => table === 'rejects')?.key;
      if (log !== undefined && inWindow && mayHaveSelected(selection, counts.rejects))
        sources.push({ commit: document, log });
    }
    for (const source of sources) {
      yield { ...source, replayed: unionOf(replayed.get(source.commit.source) ?? []) };
    }
  }
}

/** Whether its lines came by a stream, not from an object. */
export const isOfStream = ({ claim }: Commit): boolean => !claim.startsWith('claims/backfill/');

/** The feed of a source: its stream, or the label of its backfill. */
export const feedOf = async (store: ObjectStore, commit: Commit): Promise<string> => {
  if (isOfStream(commit)) return commit.claim.split('/')[1] ?? '';
  const stored = await store.get(commit.claim);
  return (stored === null ? undefined : parsePartClaim(commit.claim, stored.body).feed) ?? DEFAULT_FEED;
};

/** The bytes of a reject log that a commit names. Throws VF_STORE_CORRUPT when it is not there. */
export const getRejectLog = async (store: ObjectStore, key: string): Promise<Buffer> => {
  const stored = await store.get(key);
  if (stored === null) throw new VpcflowError('VF_STORE_CORRUPT', `${key}, which a commit names, is not there`);
  return stored.body;
};

/** The rejects of a log with their rows (0-based), a batch at a time. Throws VF_STORE_CORRUPT. */
export async function* readRejects(
  key: string,
  body: Buffer,
): AsyncGenerator<{ readonly first: number; readonly rejects: readonly Reject[] }, void, void> {
  let first = 0;
  try {
    for await (const lines of rejectLogLines(body)) {
      const rejects = lines.map((line, i) => {
        const reject = parseReject(line);
        if (reject === null) throw new VpcflowError('VF_STORE_CORRUPT', `${key}: row ${first + i} is no reject`);
        return reject;
      });
      yield { first, rejects };
      first += rejects.length;
    }
  } catch (error) {
    if (error instanceof VpcflowError) throw error;
    throw new VpcflowError('VF_STORE_CORRUPT', `${key}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

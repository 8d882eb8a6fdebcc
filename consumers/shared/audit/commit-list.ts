// Turns what lies under commits/ into the list that an audit fixes, and its keys into documents.
import { agreementMark, claimKindOf, committed } from '../../../pipeline/audit/agreement.ts';
import { parseCommit } from '../../../pipeline/documents.ts';
import { hourPartition } from '../../../pipeline/keys.ts';
import type { AuditGap } from '../../../schemas/audit.ts';
import type { Commit, Tombstone } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { readAhead } from '../read-ahead.ts';

const HOUR = 3_600_000; // ms
const READS_AT_ONCE = 16;

/** Whole arrival hours, Unix ms; null: all of them. */
export type ArrivalHours = { readonly start: number; readonly stop: number } | null;

export const arrivalHours = (window: Window | null): ArrivalHours =>
  window && { start: Math.floor(window.start / HOUR) * HOUR, stop: Math.ceil(window.stop / HOUR) * HOUR };

export const isInHours = (hours: ArrivalHours, arrival: number): boolean =>
  hours === null || (arrival >= hours.start && arrival < hours.stop);

/** The source that a commit is named after. */
export const sourceOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1, -'.json'.length);

/** The keys of the commits of some arrival hours, ascending: from here on the audit knows no others. */
export const listCommits = async (store: ObjectStore, hours: ArrivalHours): Promise<readonly string[]> => {
  const prefixes: string[] = [];
  if (hours === null) prefixes.push('commits/');
  else for (let t = hours.start; t < hours.stop; t += HOUR) prefixes.push(`commits/${hourPartition(t)}/`);
  const keys: string[] = [];
  for (const prefix of prefixes) for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
};

export interface ReadCommit {
  readonly key: string;
  readonly document: Commit | Tombstone | null;
  /** Why there is no document. */
  readonly gap: AuditGap | null;
}

/** The documents under the keys, in their order. One that is gone or broken is a gap, not an error. */
export const readCommits = (store: ObjectStore, keys: readonly string[]): AsyncIterable<ReadCommit> =>
  readAhead(keys, READS_AT_ONCE, async (key) => {
    const stored = await store.get(key);
    const gap = (found: string | null): ReadCommit => ({
      key,
      document: null,
      gap: { source: sourceOf(key), what: 'commit', expected: key, found },
    });
    if (stored === null) return gap(null);
    try {
      return { key, document: parseCommit(key, stored.body), gap: null };
    } catch (error) {
      if (!(error instanceof VpcflowError)) throw error;
      return gap(error.message);
    }
  });

/** What is kept of each commit until its claim is found: what it agrees to, and how its chain goes on. */
export type CommitMark =
  | { readonly kind: 'commit'; readonly agreement: string; readonly skipped: number }
  | { readonly kind: 'tombstone'; readonly last: string }
  | { readonly kind: 'broken' };

export const markOf = (document: Commit | Tombstone | null): CommitMark => {
  if (document === null) return { kind: 'broken' };
  if (document.kind === 'tombstone') return { kind: 'tombstone', last: document.last };
  const agreement = agreementMark(committed(document, claimKindOf(document.source)));
  return { kind: 'commit', agreement, skipped: document.counts.skipped ?? 0 };
};

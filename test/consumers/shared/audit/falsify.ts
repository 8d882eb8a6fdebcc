// A store that the real writers wrote, and the tools to change single things in copies of it.
import { auditStore } from '../../../../consumers/shared/audit/audit-store.ts';
import { parseClaim, parseCommit, serialize } from '../../../../pipeline/documents.ts';
import { claimKey, commitKey, streamSource } from '../../../../pipeline/keys.ts';
import type { AuditGap, AuditResult } from '../../../../schemas/audit.ts';
import type { Claim, Commit } from '../../../../schemas/chain.ts';
import { BEGIN, backfill, digest, SHARD, STREAM, sequence, written } from '../../../audited-store.ts';
import { type Backing, MemoryStore } from '../../../fakes/memory-store.ts';

export const MINUTES = 6;

const store = new MemoryStore();
await digest(store, written(MINUTES));
/** Of the object that was backfilled, in four parts. */
export const identity = await backfill(store, 7);
/** Six epochs, one a minute, and the backfill. Never changed: tests work on copies. */
export const intact: Backing = store.backing;

/** The `after` of epoch `n`: two records each. */
export const after = (n: number): string => (n === 0 ? '0' : sequence(2 * n));
export const sourceOf = (n: number): string => streamSource(STREAM, SHARD, after(n));
export const claimOf = (n: number): string => claimKey(STREAM, SHARD, after(n));
export const commitOf = (n: number): string => commitKey(BEGIN + n * 60_000, sourceOf(n));
export const partCommit = (part: number): string =>
  commitKey(BEGIN, `backfill-${identity}-${String(part).padStart(6, '0')}`);

export const audit = (backing: Backing): Promise<AuditResult> => auditStore(new MemoryStore(backing), { window: null });

/** The intact store with something changed. */
export const changed = (change: (backing: Backing) => void): Backing => {
  const backing = new Map(intact);
  change(backing);
  return backing;
};

export const bodyOf = (backing: Backing, key: string): Buffer => {
  const body = backing.get(key);
  if (body === undefined) throw new Error(`the store has no ${key}`);
  return body;
};

/** Removes what must be there to be removed. */
export const drop = (backing: Backing, key: string): void => {
  bodyOf(backing, key);
  backing.delete(key);
};

export const keyOf = (backing: Backing, table: string, source: string): string => {
  const key = [...backing.keys()].find((k) => k.startsWith(table) && k.includes(source));
  if (key === undefined) throw new Error(`the store has no ${table} of ${source}`);
  return key;
};

export const editCommit = (backing: Backing, key: string, edit: (commit: Commit) => Commit): void => {
  const commit = parseCommit(key, bodyOf(backing, key));
  if (commit.kind !== 'commit') throw new Error(`${key} is a tombstone`);
  backing.set(key, serialize(edit(commit)));
};

export const editCounts =
  (n: number, edit: (counts: Commit['counts']) => Partial<Commit['counts']>) => (backing: Backing) =>
    editCommit(backing, commitOf(n), (commit) => ({ ...commit, counts: { ...commit.counts, ...edit(commit.counts) } }));

export const editClaim = (n: number, edit: (claim: Claim) => Claim) => (backing: Backing) => {
  const claim = parseClaim(claimOf(n), bodyOf(backing, claimOf(n)));
  backing.set(claimOf(n), serialize(edit(claim)));
};

export const whats = (gaps: readonly AuditGap[]): string[] => gaps.map(({ what }) => what);

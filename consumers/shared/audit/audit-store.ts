// Turns a store into the result of its audit: every commit against its objects, every claim against its commit.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countGaps } from '../../../pipeline/audit/commit-gaps.ts';
import { AuditSums } from '../../../pipeline/audit/sums.ts';
import type { AuditResult } from '../../../schemas/audit.ts';
import type { Commit } from '../../../schemas/chain.ts';
import type { Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { CachedFiles } from '../query/cache/cached-files.ts';
import { filesInPlace } from '../query/cache/object-files.ts';
import { openDuckDb } from '../query/engine/duckdb.ts';
import { ChainAudit } from './chains.ts';
import { arrivalHours, type CommitMark, listCommits, markOf, readCommits, sourceOf } from './commit-list.ts';
import { ObjectCheck } from './object-check.ts';
import { ObjectListing } from './object-listing.ts';
import { OrphanAudit } from './orphans.ts';
import { ParquetReader } from './parquet-facts.ts';

const TABLES: readonly string[] = ['digests/', 'coverage/', 'events/', 'rejects/'];
/** Commits are checked together until they name this many objects. */
const OBJECTS_AT_ONCE = 256;
const MEMORY_LIMIT = 128 * 1024 * 1024; // bytes, of DuckDB
const CACHE_BYTES = 256 * 1024 * 1024;

export interface AuditOptions {
  /** Only commits of these arrival hours; null: everything. */
  readonly window: Window | null;
  readonly signal?: AbortSignal;
  /** Called after each batch of commits, with how many of them are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * 1. fix the list of commits   2. list the objects   3. commits against their objects   4. claims, chain by chain
 * 5. commits and objects that nothing accounts for. What is written meanwhile is younger than the list: `open`.
 * Memory: about a kilobyte for each commit and its objects, and one batch of files. Throws VF_STORE_*.
 */
export const auditStore = async (store: ObjectStore, options: AuditOptions): Promise<AuditResult> => {
  const { window, signal } = options;
  const hours = arrivalHours(window);
  const keys = await listCommits(store, hours);
  const listing = await ObjectListing.read(store, hours === null ? TABLES : await partitions(store, keys), signal);
  const sums = new AuditSums();
  const marks = await checkCommits(store, keys, listing, sums, options);
  const chains = new ChainAudit(store, hours, sums, marks);
  await chains.walk(signal);
  const orphans = new OrphanAudit(store, chains.chains, sums);
  await orphans.commits([...marks.keys()].map(sourceOf));
  await orphans.objects(listing, new Set(keys.map(sourceOf)), hours !== null);
  orphans.finish();
  return sums.result();
};

/** The partitions that the commits name objects of, ascending. */
const partitions = async (store: ObjectStore, keys: readonly string[]): Promise<readonly string[]> => {
  const found = new Set<string>();
  for await (const { document } of readCommits(store, keys)) {
    if (document?.kind !== 'commit') continue;
    for (const { key, table } of document.objects) {
      if (table !== 'identities') found.add(key.slice(0, key.lastIndexOf('/') + 1));
    }
  }
  return [...found].sort();
};

/** Checks the commits in batches and returns what is kept of each until its claim is met. */
const checkCommits = async (
  store: ObjectStore,
  keys: readonly string[],
  listing: ObjectListing,
  sums: AuditSums,
  { signal, onProgress }: AuditOptions,
): Promise<Map<string, CommitMark>> => {
  const scratch = await mkdtemp(join(tmpdir(), 'vpcflow-audit-'));
  const local = !store.uri.includes('://');
  const files = local ? filesInPlace(store.uri) : new CachedFiles(store, { directory: scratch, maxBytes: CACHE_BYTES });
  const engine = await openDuckDb({ directories: [files.directory], memoryLimit: MEMORY_LIMIT, keepFiles: false });
  const check = new ObjectCheck(store, listing, new ParquetReader(engine, files, signal));
  const marks = new Map<string, CommitMark>();
  let batch: Commit[] = [];
  let objects = 0;
  const flush = async (): Promise<void> => {
    for (const { commit, gaps, rows } of await check.check(batch)) {
      sums.add(commit, rows);
      sums.gap(...countGaps(commit), ...gaps);
    }
    [batch, objects] = [[], 0];
    onProgress?.(marks.size, keys.length);
  };
  try {
    for await (const { key, document, gap } of readCommits(store, keys)) {
      signal?.throwIfAborted();
      marks.set(key, markOf(document));
      if (gap !== null) sums.gap(gap);
      if (document?.kind === 'commit') {
        batch.push(document);
        objects += document.objects.length + 1;
      }
      if (objects >= OBJECTS_AT_ONCE) await flush();
    }
    await flush();
  } finally {
    await engine.close();
    await files.close();
    await rm(scratch, { recursive: true, force: true });
  }
  return marks;
};

// What a shard's chain really holds, read from the objects themselves: the judge of every fault test.
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { parseClaim, parseCommit } from '../../pipeline/documents.ts';
import { CHAIN_START, claimKey, commitKey, streamSource } from '../../pipeline/keys.ts';
import type { Gap } from '../../schemas/chain.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import { SHARD, STREAM } from './world.ts';

interface Sum {
  readonly flows: number;
  readonly bytes: number;
}

export interface Chain {
  /** Flows and bytes by source address, over the digest objects of all commits. */
  readonly flows: ReadonlyMap<string, Sum>;
  readonly counts: Readonly<Record<'records' | 'duplicates' | 'lines' | 'control' | 'rejects', number>>;
  /** Rejects by reason. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly links: number;
  readonly tombstones: number;
  readonly gaps: readonly Gap[];
  readonly last: string;
  /** Objects in the store's tables that neither a commit nor the open claim names. */
  readonly orphans: readonly string[];
}

const TABLES = /^(digests|coverage|rejects|identities)\//;

/** Follows the chain from its start. Throws when a commit's object is missing or has another size. */
export const readChain = (store: MemoryStore, shard = SHARD): Chain => {
  const flows = new Map<string, Sum>();
  const counts = { records: 0, duplicates: 0, lines: 0, control: 0, rejects: 0 };
  const reasons = new Map<string, number>();
  const named = new Set<string>();
  const gaps: Gap[] = [];
  let [links, tombstones, last] = [0, 0, CHAIN_START];
  for (;;) {
    const key = claimKey(STREAM, shard, last);
    const body = store.backing.get(key);
    if (body === undefined) break;
    const claim = parseClaim(key, body);
    const place = commitKey(claim.arrival.first, streamSource(STREAM, shard, last));
    const committed = store.backing.get(place);
    if (committed === undefined) {
      for (const object of claim.objects) named.add(object); // its claim is open
      break;
    }
    const commit = parseCommit(place, committed);
    if (commit.kind === 'tombstone') {
      tombstones++;
      last = commit.last;
      continue;
    }
    links++;
    last = claim.last;
    if (claim.gap !== undefined) gaps.push(claim.gap);
    counts.records += commit.counts.records;
    counts.duplicates += commit.counts.duplicates;
    counts.lines += commit.counts.lines;
    counts.control += commit.counts.control;
    counts.rejects += commit.counts.rejects.total;
    for (const [reason, count] of Object.entries(commit.counts.rejects.by_reason)) add(reasons, reason, count);
    for (const object of commit.objects) {
      named.add(object.key);
      const stored = store.backing.get(object.key);
      if (stored?.length !== object.bytes) throw new Error(`${object.key} is missing or has another size`);
      if (object.table === 'digests') addRows(stored, flows);
    }
  }
  const orphans = [...store.backing.keys()].filter((key) => TABLES.test(key) && key.includes(shard) && !named.has(key));
  return { flows, counts, reasons, links, tombstones, gaps, last, orphans };
};

const add = (counts: Map<string, number>, key: string, more: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + more);
};

const addRows = (parquet: Buffer, flows: Map<string, Sum>): void => {
  const table = tableFromIPC(readParquet(parquet).intoIPCStream());
  for (const row of table) {
    const address = String(row.srcaddr);
    const sum = flows.get(address) ?? { flows: 0, bytes: 0 };
    flows.set(address, { flows: sum.flows + Number(row.flows), bytes: sum.bytes + Number(row.bytes) });
  }
};

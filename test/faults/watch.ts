// What must hold after every single step, whoever took it: judged from the store's objects as they become durable.

import { parseClaim, parseCommit, parseShardList, parseWatermark } from '../../pipeline/documents.ts';
import { compareSequences } from '../../pipeline/epoch/sequence.ts';
import { CHAIN_START, shardsKey } from '../../pipeline/keys.ts';
import { completenessOf } from '../../pipeline/window/completeness.ts';
import type { Watermark } from '../../schemas/chain.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import type { Shard, Streams } from './streams.ts';
import { STREAM } from './world.ts';

const PREFIX = `watermarks/${STREAM}/`;

export class Watch {
  readonly #streams: Streams;
  readonly #store: MemoryStore;
  readonly #committed = new Map<string, number>(); // records, by shard
  readonly #seen = new Set<string>(); // commits
  /** Every window that stops here or earlier has been called complete. */
  completeUntil = Number.NEGATIVE_INFINITY; // ms

  constructor(streams: Streams, store: MemoryStore) {
    this.#streams = streams;
    this.#store = store;
  }

  /** How many records of a shard are committed: always its first ones. */
  committed(shard: Shard): number {
    return this.#committed.get(shard.id) ?? 0;
  }

  /** An object is durable. Throws where one of the promises is broken by it. */
  stored(key: string): void {
    if (key.startsWith('claims/')) this.#claimed(key);
    else if (key.startsWith('commits/') && !this.#seen.has(key)) this.#commit(key);
    else if (key.startsWith('watermarks/')) this.#moved();
  }

  #shard(id: string): Shard {
    const shard = this.#streams.shards.find((one) => one.id === id);
    if (shard === undefined) throw new Error(`${id} is no shard`);
    return shard;
  }

  /** A claim ends where a sequence number does: never inside an aggregate. */
  #claimed(key: string): void {
    const { shard, first, last, records } = parseClaim(key, this.#store.backing.get(key)!);
    const covered = this.#shard(shard).records.filter(
      ({ sequenceNumber: at }) => compareSequences(at, first) >= 0 && compareSequences(at, last) <= 0,
    );
    if (covered.length !== records) throw new Error(`${key} parts an aggregate: ${covered.length} records, ${records}`);
  }

  /** A commit takes the next records of its shard, and none of them was called complete before. */
  #commit(key: string): void {
    this.#seen.add(key);
    const commit = parseCommit(key, this.#store.backing.get(key)!);
    if (commit.kind === 'tombstone') throw new Error(`${key} is a tombstone, though everything can be read`);
    const claim = parseClaim(commit.claim, this.#store.backing.get(commit.claim)!);
    const shard = this.#shard(claim.shard);
    const from = this.committed(shard);
    const after = shard.records[from - 1]?.sequenceNumber ?? CHAIN_START;
    const records = shard.records.slice(from, from + claim.records);
    if (claim.after !== after || records.at(-1)?.sequenceNumber !== claim.last || claim.gap !== undefined) {
      throw new Error(`${key} does not go on where the chain of ${shard.id} ends`);
    }
    this.#committed.set(shard.id, from + records.length);
    const late = records.find(({ arrival }) => arrival < this.completeUntil);
    if (late !== undefined) throw new Error(`${key}: complete until ${this.completeUntil}, then ${late.arrival} came`);
  }

  /** What is called complete now holds everything that arrived before. */
  #moved(): void {
    const watermarks = new Map<string, Watermark>();
    for (const [key, body] of this.#store.backing) {
      if (!key.startsWith(PREFIX) || key === shardsKey(STREAM)) continue;
      watermarks.set(key.slice(PREFIX.length, -'.json'.length), parseWatermark(key, body));
    }
    const list = this.#store.backing.get(shardsKey(STREAM));
    const shards = list === undefined ? null : parseShardList(shardsKey(STREAM), list);
    const progress = [{ shards, watermarks }];
    const ever = completenessOf(progress, Number.MAX_SAFE_INTEGER, 0).complete;
    if (ever) throw new Error('every window is called complete, though shards are open');
    const until = completenessOf(progress, 0, 0).watermark ?? Number.NEGATIVE_INFINITY;
    if (Number.isFinite(until) && !completenessOf(progress, until, 0).complete)
      throw new Error(`${until} is not complete`);
    this.completeUntil = Math.max(this.completeUntil, until);
    for (const shard of this.#streams.shards) {
      const next = shard.records[this.committed(shard)];
      if (next !== undefined && next.arrival < until) {
        throw new Error(`complete until ${until}, but ${next.arrival} of ${shard.id} is not committed`);
      }
    }
  }

  /** A checkpoint was stored: everything up to it is committed. `sequence` undefined: the shard's end. */
  checkpointed(shard: Shard, sequence: string | undefined): void {
    const committed = shard.records[this.committed(shard) - 1]?.sequenceNumber ?? CHAIN_START;
    if (sequence === undefined) {
      if (!shard.closed) throw new Error(`${shard.id} is open, but its end was checkpointed`);
      if (this.committed(shard) < shard.records.length) throw new Error(`${shard.id} ended before all was committed`);
    } else if (compareSequences(sequence, committed) > 0) {
      throw new Error(`the checkpoint ${sequence} of ${shard.id} is past what is committed, ${committed}`);
    }
  }
}

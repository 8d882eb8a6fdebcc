// Turns what is known of a stream's shards and of our progress on them into which to start now: parents before children.
import type { ShardInfo } from '../../schemas/chain.ts';

export interface ShardPlan {
  /** To start now, ascending. */
  readonly start: readonly string[];
  /** Still waiting for a parent. */
  readonly waiting: readonly string[];
}

/**
 * A shard may start when each of its parents that the stream still lists has been read to its end: only then do the
 * records of one partition key stay in order. A parent that is listed no more has expired with all its records.
 */
export const planShards = (
  listed: readonly ShardInfo[],
  ended: ReadonlySet<string>,
  running: ReadonlySet<string>,
): ShardPlan => {
  const names = new Set(listed.map((info) => info.shard));
  const open = listed.filter(({ shard }) => !ended.has(shard) && !running.has(shard));
  const ready = (info: ShardInfo): boolean => info.parents.every((parent) => !names.has(parent) || ended.has(parent));
  const named = (infos: readonly ShardInfo[]): readonly string[] => infos.map((info) => info.shard).sort();
  return { start: named(open.filter(ready)), waiting: named(open.filter((info) => !ready(info))) };
};

/** Every shard that either list shows; once closed a shard stays closed, and parents are never forgotten. */
export const mergeShards = (known: readonly ShardInfo[], listed: readonly ShardInfo[]): readonly ShardInfo[] => {
  const merged = new Map<string, ShardInfo>();
  for (const info of [...known, ...listed]) {
    const before = merged.get(info.shard);
    merged.set(info.shard, {
      shard: info.shard,
      parents: [...new Set([...(before?.parents ?? []), ...info.parents])].sort(),
      closed: info.closed || (before?.closed ?? false),
    });
  }
  return [...merged.values()].sort((a, b) => (a.shard < b.shard ? -1 : 1));
};

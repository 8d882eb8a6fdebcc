// Turns the shard lists and watermarks of every stream into how far the store is complete, and whether a window is.
import type { ShardList, Watermark } from '../../schemas/chain.ts';
import { type Behind, type Completeness, MAX_NAMED, type ShardBehind, type Skipdata } from '../../schemas/query.ts';
import { type LeftOut, warningsOf } from './query-plan.ts';

/** Default wait for late lines: 10 minutes of aggregation and 5 to 10 of delivery. */
export const DEFAULT_LATENESS_MS = 20 * 60_000;

/** All that says how far a store is: of each stream, and the documents that cannot be read. */
export interface Progress {
  readonly streams: ReadonlyMap<string, StreamProgress>;
  readonly unread: readonly LeftOut[];
}

/** What `watermarks/<stream>/` holds. */
export interface StreamProgress {
  readonly shards: ShardList | null;
  readonly watermarks: ReadonlyMap<string, Watermark>; // by shard id
}

/**
 * A window is complete when every shard is ended (whoever ends one lists its children first) or has a watermark at or
 * past `stop` + lateness (Unix ms). The
 * watermark is the least over the shards that are not ended (over all when every one is). null, null: no stream ever
 * fed the store.
 */
export function completenessOf(
  streams: readonly StreamProgress[],
  stop: number,
  lateness: number,
): { readonly complete: boolean | null; readonly watermark: number | null } {
  let shards = 0;
  let complete = true;
  let open = Infinity; // least watermark of the shards that go on
  let ended = -Infinity; // the latest of those that do not
  for (const stream of streams) {
    for (const shard of shardIds(stream)) {
      shards += 1;
      const known = stream.watermarks.get(shard);
      if (known?.ended) {
        ended = Math.max(ended, known.watermark);
        continue;
      }
      const watermark = shardWatermark(stream, shard, new Set());
      open = Math.min(open, watermark);
      complete &&= watermark >= stop + lateness;
    }
  }
  if (shards === 0) return { complete: null, watermark: null };
  const watermark = open === Infinity ? ended : open;
  return { complete, watermark: Number.isFinite(watermark) ? watermark : null };
}

/** The shards that keep a window from being complete, by stream; `stop` in Unix ms, `lateness` in ms. */
export function behindOf(streams: ReadonlyMap<string, StreamProgress>, stop: number, lateness: number): Behind {
  const shards: ShardBehind[] = [];
  for (const [stream, progress] of streams) {
    for (const shard of shardIds(progress)) {
      if (progress.watermarks.get(shard)?.ended) continue;
      const watermark = shardWatermark(progress, shard, new Set());
      if (watermark >= stop + lateness) continue;
      shards.push({ stream, shard, watermark: Number.isFinite(watermark) ? watermark : null });
    }
  }
  const name = ({ stream, shard }: ShardBehind) => `${stream}/${shard}`;
  shards.sort((a, b) => (a.watermark ?? 0) - (b.watermark ?? 0) || (name(a) < name(b) ? -1 : 1));
  return { count: shards.length, shards: shards.slice(0, MAX_NAMED) };
}

export const NO_SKIPDATA: Skipdata = { interfaces: 0, minutes: 0, named: [] };

/** What the shards alone say of a window (Unix ms); its objects add skipped minutes, an interval and warnings. */
export const shardCompleteness = (
  streams: ReadonlyMap<string, StreamProgress>,
  stop: number,
  lateness: number,
  asOf: number,
): Completeness => ({
  ...completenessOf([...streams.values()], stop, lateness),
  ...{ asOf, lateness, behind: behindOf(streams, stop, lateness) },
  ...{ skipdata: NO_SKIPDATA, longestInterval: null, warnings: [] },
});

/**
 * The same of all that is known: with a document that cannot be read nothing is known to be complete, and each is named
 * in the warnings.
 */
export const progressCompleteness = (
  { streams, unread }: Progress,
  stop: number,
  lateness: number,
  asOf: number,
): Completeness => ({
  ...shardCompleteness(streams, stop, lateness, asOf),
  ...(unread.length === 0 ? {} : { complete: false, watermark: null, warnings: warningsOf(unread) }),
});

/** Every shard that the list or a watermark names. */
function shardIds(stream: StreamProgress): Set<string> {
  const listed = stream.shards?.shards.map((s) => s.shard) ?? [];
  const children = [...stream.watermarks.values()].flatMap((w) => w.children);
  return new Set([...listed, ...stream.watermarks.keys(), ...children]);
}

/**
 * How far a shard is known: as far as its own watermark says, and at least as far as all of its parents are, for its
 * records arrived after theirs. -Infinity where neither says anything.
 */
function shardWatermark(stream: StreamProgress, shard: string, seen: Set<string>): number {
  const own = stream.watermarks.get(shard)?.watermark ?? 0;
  seen.add(shard);
  const parents = new Set(stream.shards?.shards.find((s) => s.shard === shard)?.parents ?? []);
  for (const [id, watermark] of stream.watermarks) if (watermark.children.includes(shard)) parents.add(id);
  let least = Infinity;
  for (const parent of parents) {
    if (!seen.has(parent)) least = Math.min(least, shardWatermark(stream, parent, seen));
  }
  // Before its first batch a shard's own watermark is 0.
  return Math.max(own > 0 ? own : -Infinity, least === Infinity ? -Infinity : least);
}

/** `true`, `false` or `unknown`: the header and the remark on stderr. */
export const completeText = (complete: boolean | null): string => (complete === null ? 'unknown' : String(complete));

/** RFC 3339, or `none` where no stream ever fed the store. */
export const watermarkText = (watermark: number | null): string =>
  watermark === null ? 'none' : new Date(watermark).toISOString();

// Turns a worker's measurements into an answer to "does it still work?".
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';

/**
 * A shard that is ours is heard of with every batch, about once a second, an empty one too. Slow writes to the store
 * pause that for seconds; after this long something hangs, and to start the worker again loses nothing.
 */
const STALLED_MS = 5 * 60_000;

export interface Health {
  /**
   * `starting` until the engine says that it is up, or a first shard does: an engine that cannot reach its lease table
   * stays there. `stalled` when some shard that this worker holds was not heard of for five minutes.
   */
  readonly status: 'starting' | 'ok' | 'stalled';
  /** Shards that this worker holds. Once the engine is up, none is healthy: another worker may have them all. */
  readonly shards: number;
  /** Of the shard furthest behind; null before anything was measured. */
  readonly millisBehindLatest: number | null;
  /** Of the shard with the oldest one, RFC 3339; null where none is known. */
  readonly watermark: string | null;
  readonly stalled: readonly string[]; // shards
}

interface ShardHealth {
  heard: number; // Unix ms
  millisBehindLatest: number | null;
  watermark: number | null; // Unix s
}

/** A meter that remembers of each shard only its last signs of life, and what they say together. */
export const healthMeter = (clock: Clock): { readonly meter: Meter; readonly health: () => Health } => {
  const shards = new Map<string, ShardHealth>();
  let up = false; // and never down again: an engine that fails ends its process
  const hear = (shard: string): ShardHealth => {
    const found = shards.get(shard) ?? { heard: 0, millisBehindLatest: null, watermark: null };
    found.heard = clock.now();
    shards.set(shard, found);
    return found;
  };
  const known = (of: (shard: ShardHealth) => number | null): readonly number[] =>
    [...shards.values()].flatMap((shard) => of(shard) ?? []);
  return {
    meter: {
      // A late counter of a shard that was given up does not make it ours again.
      count: (_, __, { shard }: { readonly shard?: string }) => {
        if (shard !== undefined && shards.has(shard)) hear(shard);
      },
      set: (metric, value, labels: { readonly shard?: string }) => {
        if (metric === 'engineUp' ? value > 0 : labels.shard !== undefined) up = true;
        if (labels.shard === undefined) return;
        const heard = hear(labels.shard);
        if (metric === 'millisBehindLatest') heard.millisBehindLatest = value;
        if (metric === 'watermark') heard.watermark = value;
      },
      observe: () => {},
      forget: (shard) => void shards.delete(shard),
    },
    health: () => {
      const deadline = clock.now() - STALLED_MS;
      const stalled = [...shards].filter(([, { heard }]) => heard < deadline).map(([shard]) => shard);
      const behind = known((shard) => shard.millisBehindLatest);
      const watermarks = known((shard) => shard.watermark);
      return {
        status: stalled.length > 0 ? 'stalled' : up ? 'ok' : 'starting',
        shards: shards.size,
        millisBehindLatest: behind.length === 0 ? null : Math.max(...behind),
        watermark: watermarks.length === 0 ? null : new Date(Math.min(...watermarks) * 1000).toISOString(),
        stalled: stalled.sort(),
      };
    },
  };
};

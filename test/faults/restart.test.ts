// Workers that come back otherwise than they went: other bounds, other settings, another version of the decoder.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClaim, serialize } from '../../pipeline/documents.ts';
import { EPOCH_BOUNDS } from '../../pipeline/epoch/contents.ts';
import { DECODER_VERSION, DEFAULT_SETTINGS, type Settings } from '../../schemas/settings.ts';
import { churn, expectExactlyOnce, finish, RUNS, TIMEOUT } from './drive.ts';
import { Fleet, type WorkerOptions } from './fleet.ts';
import { type Shard, Streams } from './streams.ts';

const rows = (count: number): WorkerOptions => ({ bounds: { ...EPOCH_BOUNDS, rows: count } });

/** A worker that claims its first epoch and is killed before it commits it. */
const claimed = async (options: WorkerOptions = {}): Promise<{ fleet: Fleet; shard: Shard; claim: string }> => {
  const streams = new Streams(5);
  const fleet = new Fleet(streams);
  const [shard] = streams.shards;
  for (let n = 0; n < 12; n++) streams.put();
  await streams.clock.advance(120_000);
  fleet.start(shard!, { steady: true, ...options });
  const open = (): string | undefined => [...fleet.store.backing.keys()].find((key) => key.startsWith('claims/'));
  while (open() === undefined) await fleet.step();
  fleet.killAll();
  return { fleet, shard: shard!, claim: open()! };
};

describe('a worker is restarted', { timeout: TIMEOUT }, () => {
  it('with lower bounds or with higher ones: what was claimed is adopted as it was claimed', async () => {
    for (const [before, after] of [
      [10, 1],
      [1, 10],
    ] as const) {
      const { fleet, shard, claim } = await claimed(rows(before));
      const { records } = parseClaim(claim, fleet.store.backing.get(claim)!);
      fleet.start(shard, { steady: true, ...rows(after) });
      while (fleet.watch.committed(shard) === 0) await fleet.step();
      expect(fleet.watch.committed(shard)).toBe(records);
      await finish(fleet, rows(after));
      await expectExactlyOnce(fleet);
    }
  });

  it('with other settings: what was claimed is decoded with those of its claim, to the byte', async () => {
    const all = { ...DEFAULT_SETTINGS, ports: 'all' } as const;
    const committed = async (settings: Settings): Promise<readonly (Buffer | undefined)[]> => {
      const { fleet, shard, claim } = await claimed({ settings: all });
      fleet.start(shard, { steady: true, settings });
      while (fleet.watch.committed(shard) === 0) await fleet.step();
      const { objects } = parseClaim(claim, fleet.store.backing.get(claim)!);
      expect(objects.length).toBeGreaterThan(1);
      return objects.map((key) => fleet.store.backing.get(key));
    };
    expect(await committed(DEFAULT_SETTINGS)).toEqual(await committed(all));
  });

  it('with other settings and bounds, again and again, under kill -9 and takeovers', async () => {
    const formats =
      '${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}';
    const others: readonly Settings[] = [
      DEFAULT_SETTINGS,
      { ...DEFAULT_SETTINGS, ports: 'all' },
      { ...DEFAULT_SETTINGS, servicePorts: [40_000] },
      { ...DEFAULT_SETTINGS, formats: [{ logGroup: 'flow*', format: formats }] },
    ];
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const streams = new Streams(seed);
        const fleet = new Fleet(streams);
        await churn(fleet, 350, {
          ...{ kinds: ['flow', 'flow', 'again', 'parts'], kill: 0.03, steal: 0.02 },
          worker: () => ({ settings: streams.pick(others), ...rows(streams.pick([1, 2, 5, 1000])) }),
        });
        await finish(fleet, { settings: others[1]! });
        await expectExactlyOnce(fleet);
      }),
      { numRuns: RUNS },
    );
  });

  it('with another version of the decoder: it refuses the open epoch and harms nothing', async () => {
    const { fleet, shard, claim } = await claimed();
    const mine = fleet.store.backing.get(claim)!;
    fleet.store.backing.set(claim, serialize({ ...parseClaim(claim, mine), decoder: DECODER_VERSION + 1 }));
    const before = new Map(fleet.store.backing);
    for (let life = 0; life < 2; life++) {
      fleet.start(shard, { steady: true });
      while (fleet.live > 0) await fleet.step();
    }
    expect(fleet.failures).toEqual(['VF_DECODER_VERSION', 'VF_DECODER_VERSION']);
    expect(fleet.store.backing).toEqual(before);
    expect(fleet.checkpoints.size).toBe(0);
    // The version that claimed it is back.
    fleet.store.backing.set(claim, mine);
    await finish(fleet);
    await expectExactlyOnce(fleet);
  });
});

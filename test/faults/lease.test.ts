// A lease that changes hands: taken from a living owner that writes on, handed over, or lost in the middle of an epoch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EPOCH_BOUNDS } from '../../pipeline/epoch/contents.ts';
import { type Chances, churn, expectExactlyOnce, finish, RUNS, TIMEOUT } from './drive.ts';
import { Fleet, type Gate } from './fleet.ts';
import { type Shard, Streams } from './streams.ts';

const settle = async (seed: number, steps: number, chances: Chances): Promise<Fleet> => {
  const fleet = new Fleet(new Streams(seed));
  await churn(fleet, steps, { kinds: ['flow', 'flow', 'again', 'parts'], ...chances });
  await finish(fleet);
  await expectExactlyOnce(fleet);
  return fleet;
};

/** A shard whose records are two minutes old. */
const oneShard = (seed: number): { readonly fleet: Fleet; readonly shard: Shard } => {
  const streams = new Streams(seed);
  for (let n = 0; n < 6; n++) streams.put(n === 4 ? 'again' : 'flow');
  streams.clock.advance(120_000);
  return { fleet: new Fleet(streams), shard: streams.shards[0]! };
};

describe('lease taken over', { timeout: TIMEOUT }, () => {
  it('zombie owners write on until they are refused', async () => {
    const lost = { count: 0 };
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom(1, 2, 5), async (seed, rows) => {
        // Nobody is ever told: every old owner reads and writes on until it is refused.
        const { failures } = await settle(seed, 500, {
          ...{ put: 0.2, minute: 0.05, steal: 0.03, kill: 0.003, killAll: 0 },
          worker: () => ({ steady: true, bounds: { ...EPOCH_BOUNDS, rows } }),
        });
        lost.count += failures.filter((code) => code === 'VF_CLAIM_LOST').length;
      }),
      { numRuns: RUNS },
    );
    expect(lost.count).toBeGreaterThan(0);
  });

  it('zombie owner goes on after any single step, before the new owner or after it', async () => {
    let steps = Number.POSITIVE_INFINITY;
    for (let at = 0; at < steps; at++) {
      const oldFirst = at % 2 === 0;
      const { fleet, shard } = oneShard(at);
      fleet.start(shard, { steady: true });
      let step = 0;
      for (let reads = 0; step < at && reads < 5; step++) {
        await fleet.step(([gate]) => {
          if (gate!.step === 'read') reads++;
          return gate!;
        });
      }
      if (step < at) steps = at; // the old owner has nothing more to do
      fleet.start(shard, { steady: true });
      const isFirst = ({ worker }: Gate): boolean => (worker.name === 'w1') === oldFirst;
      for (let turn = 0; turn < 120; turn++) {
        await fleet.step((gates) => gates.find((gate) => isFirst(gate) === turn < 80) ?? gates[0]!);
      }
      await finish(fleet);
      await expectExactlyOnce(fleet);
    }
    expect(steps).toBeGreaterThan(30);
  });
});

describe('lease handed over, or lost in the middle', { timeout: TIMEOUT }, () => {
  it('nothing is written or checkpointed afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        await settle(seed, 500, { put: 0.15, steal: 0.05, kill: 0, killAll: 0 });
      }),
      { numRuns: RUNS },
    );
  });
});

// Splits and merges under load: nothing is lost or counted twice across them, and nothing is called complete too early.
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { churn, expectExactlyOnce, finish } from './drive.ts';
import { Fleet } from './fleet.ts';
import { Streams } from './streams.ts';

const RUNS = Number(process.env.VPCFLOW_FAULT_RUNS ?? 12);

describe('shards are split and merged under load', () => {
  it('with duplicates that cross a reshard, kills, and zombies at any step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, shards) => {
        const fleet = new Fleet(new Streams(seed, shards));
        await churn(fleet, 500, {
          kinds: ['flow', 'flow', 'again', 'parts', 'aggregate', 'control'],
          split: 0.006,
          merge: 0.006,
        });
        await finish(fleet);
        await expectExactlyOnce(fleet);
      }),
      { numRuns: RUNS },
    );
  });
});

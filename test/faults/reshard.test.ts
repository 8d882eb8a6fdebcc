// Splits and merges under load: nothing is lost or counted twice across them, and nothing is called complete too early.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { churn, expectExactlyOnce, finish, RUNS, TIMEOUT } from './drive.ts';
import { Fleet } from './fleet.ts';
import { Streams } from './streams.ts';

describe('split and merge under load', { timeout: TIMEOUT }, () => {
  it('kill -9, zombies and rewinds at any step, and duplicates that cross the reshard', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, shards) => {
        const fleet = new Fleet(new Streams(seed, shards));
        await churn(fleet, 500, {
          kinds: ['flow', 'flow', 'again', 'parts', 'aggregate', 'control'],
          split: 0.006,
          merge: 0.006,
          rewind: 0.001,
        });
        await finish(fleet);
        await expectExactlyOnce(fleet);
      }),
      { numRuns: RUNS },
    );
  });

  it('kill -9 after any single step of a parent, its end included', async () => {
    let steps = Number.POSITIVE_INFINITY;
    for (let at = 0; at < steps; at++) {
      const streams = new Streams(at, 2);
      const fleet = new Fleet(streams);
      const [parent, other] = streams.shards;
      for (const kind of ['flow', 'parts', 'flow'] as const) streams.put(kind, parent);
      // The children of a split; and every second time that of a merge, whose other parent is still to be read.
      const children = at % 2 === 0 ? streams.split(parent) : streams.merge();
      for (const child of children) streams.put('again', child);
      streams.put('flow', at % 2 === 0 ? other : children[0]);
      fleet.start(parent!, { steady: true });
      for (let step = 0; step < at && fleet.live > 0; step++) await fleet.step();
      if (fleet.live === 0) steps = at; // it has ended
      expect(fleet.startable.includes(children[0]!)).toBe(fleet.live === 0 && at % 2 === 0);
      await finish(fleet);
      await expectExactlyOnce(fleet);
    }
    expect(steps).toBeGreaterThan(30);
  });
});

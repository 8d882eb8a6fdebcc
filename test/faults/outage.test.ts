// A store that fails: each single call of a run is refused, done but reported as failed, or never answered.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { churn, expectExactlyOnce, finish, RUNS, TIMEOUT } from './drive.ts';
import { Fleet, type Outage } from './fleet.ts';
import { Streams } from './streams.ts';

/** A worker reads a shard from its begin to its end, and its n-th call of the store goes wrong. Whether there was one. */
const withOutage = async (call: number, outage: Outage, deadline: boolean): Promise<boolean> => {
  const streams = new Streams(call);
  const fleet = new Fleet(streams);
  const [shard] = streams.shards;
  for (let n = 0; n < 6; n++) {
    streams.put(n === 4 ? 'again' : n === 3 ? 'poison' : 'flow', shard);
    await streams.clock.advance(25_000);
  }
  streams.split(shard);
  let met = false;
  fleet.start(shard!, {
    steady: true,
    deadline,
    outage: (n) => {
      met ||= n === call;
      return n === call ? outage : null;
    },
  });
  for (let idle = 0; fleet.live > 0 && idle < 200; idle++) {
    await fleet.step((gates) => {
      idle = 0;
      return gates[0]!;
    });
    if (deadline && idle > 0) await streams.clock.advance(10_000);
  }
  const hung = outage === 'hang' && !deadline;
  expect(fleet.live).toBe(met && hung ? 1 : 0);
  expect(fleet.failures).toEqual(met && !hung ? ['VF_STORE_UNREACHABLE'] : []);
  expect(fleet.position(shard!) === 'SHARD_END').toBe(!met);
  await finish(fleet);
  await expectExactlyOnce(fleet);
  return met;
};

const everyCall = async (outage: Outage, deadline = false): Promise<void> => {
  let calls = 0;
  while (await withOutage(calls, outage, deadline)) calls++;
  expect(calls).toBeGreaterThan(25);
};

describe('a store call', { timeout: TIMEOUT }, () => {
  it('that fails, each in turn: the worker ends, and the next one finishes', () => everyCall('before'));

  it('that is done but reported as failed, each in turn', () => everyCall('after'));

  it('that hangs until the worker is killed, each in turn', () => everyCall('hang'));

  it('that hangs until its deadline, and may be done after all, each in turn', () => everyCall('hang', true));
});

describe('a store that fails again and again', { timeout: TIMEOUT }, () => {
  it('by chance, with several workers, splits and merges', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom(0.005, 0.02, 0.05), async (seed, share) => {
        const streams = new Streams(seed, 2);
        const fleet = new Fleet(streams);
        const outage = (): Outage | null =>
          streams.random() < share ? streams.pick<Outage>(['before', 'after', 'hang']) : null;
        await churn(fleet, 400, {
          ...{ kinds: ['flow', 'flow', 'again', 'parts', 'poison'], split: 0.004, merge: 0.004 },
          worker: () => ({ outage, deadline: streams.random() < 0.7 }),
        });
        await finish(fleet);
        await expectExactlyOnce(fleet);
      }),
      { numRuns: RUNS },
    );
  });
});

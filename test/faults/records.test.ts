// What is on the stream makes trouble: redeliveries, aggregates and poison, under kills and across restarts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EPOCH_BOUNDS } from '../../pipeline/epoch/contents.ts';
import { IDENTITY_WINDOW } from '../../pipeline/epoch/identities.ts';
import { type Chances, churn, expectExactlyOnce, finish, RUNS, TIMEOUT } from './drive.ts';
import { Fleet } from './fleet.ts';
import { POISON } from './payloads.ts';
import { Streams } from './streams.ts';

const eachSeed = (run: (seed: number) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(fc.integer(), run), { numRuns: RUNS });

const faulty = async (seed: number, chances: Chances): Promise<Fleet> => {
  const fleet = new Fleet(new Streams(seed));
  await churn(fleet, 350, { kill: 0.02, killAll: 0.01, steal: 0.01, ...chances });
  await finish(fleet);
  await expectExactlyOnce(fleet);
  return fleet;
};

describe('a duplicate of every tenth envelope', { timeout: TIMEOUT }, () => {
  it('across a restart: each is counted, and none is merged', async () => {
    const streams = new Streams(10);
    const fleet = new Fleet(streams);
    for (let life = 0; life < 3; life++) {
      for (let n = 0; n < 100; n++) streams.put(n % 10 === 9 ? 'again' : 'flow');
      await finish(fleet);
    }
    expect(streams.expected.duplicates).toBe(30);
    await expectExactlyOnce(fleet);
  });

  it('across restarts by kill -9 at any step', async () => {
    await eachSeed(async (seed) => {
      const tenth = [...Array.from({ length: 9 }, () => 'flow' as const), 'again' as const];
      await faulty(seed, { put: 0.3, kinds: tenth });
    });
  });

  it('at the end of the window in which it is recognised, and past it: then it counts as new', async () => {
    for (const [late, duplicates] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const streams = new Streams(1);
      const fleet = new Fleet(streams);
      streams.put();
      await streams.clock.advance(IDENTITY_WINDOW + late);
      streams.put('again');
      expect(streams.expected.duplicates).toBe(duplicates);
      await finish(fleet);
      await expectExactlyOnce(fleet);
    }
  });
});

describe('aggregates of the producer library', { timeout: TIMEOUT }, () => {
  it('parted by the leasing library or not, with tiny epochs: no epoch ends inside one, whatever restarts', async () => {
    await eachSeed(async (seed) => {
      const worker = () => ({ bounds: { ...EPOCH_BOUNDS, rows: 1 } });
      await faulty(seed, { kinds: ['parts', 'aggregate'], worker });
    });
  });

  it('a checkpoint has no sub-sequence number: the parts that come again do not count again', async () => {
    const streams = new Streams(3);
    const fleet = new Fleet(streams);
    streams.put('parts');
    const [shard] = streams.shards;
    await finish(fleet); // the checkpoint stands at the aggregate
    expect(fleet.position(shard!)).toBe(shard!.records[0]!.sequenceNumber);
    streams.put('flow');
    await finish(fleet);
    await expectExactlyOnce(fleet);
  });
});

describe('poison', { timeout: TIMEOUT }, () => {
  it('of every kind is one reject, and the worker goes on', async () => {
    for (const kind of Object.keys(POISON)) {
      const streams = new Streams(1);
      const fleet = new Fleet(streams);
      streams.put('flow');
      streams.putPoison(kind);
      streams.put('flow');
      await finish(fleet);
      expect(fleet.failures).toEqual([]);
      await expectExactlyOnce(fleet);
    }
  });

  it('of every kind under kill -9 and takeovers counts exactly once', async () => {
    await eachSeed(async (seed) => {
      await faulty(seed, { kinds: ['flow', 'poison', 'poison'] });
    });
  });
});

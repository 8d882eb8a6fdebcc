// Workers that end anywhere between decoding and the checkpoint: each row that is committed reaches Firehose, and its id
// says which it is.
import { expect, test } from 'vitest';
import { DigestProcessor } from '../../../../consumers/digest/processor.ts';
import type { Forwarder } from '../../../../consumers/shared/forward/forwarder.ts';
import { compareSequences } from '../../../../pipeline/epoch/sequence.ts';
import type { StreamRecord } from '../../../../schemas/processor.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import { SHARD, STREAM, written } from '../../../audited-store.ts';
import { idsOf } from '../../../fakes/firehose-http.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { random } from '../../../faults/world.ts';
import { until } from '../../../until.ts';
import { ForwardBed } from './bed.ts';
import { committedIds } from './committed.ts';

class Killed extends Error {}

interface World {
  readonly bed: ForwardBed;
  readonly records: readonly StreamRecord[];
  checkpoint: string;
}

/** One worker from its checkpoint on; `step` is called before and after whatever others can see, and may throw. */
const work = async (
  { bed, records, ...world }: World,
  step: () => void,
  over: (checkpoint: string) => void,
): Promise<void> => {
  const store = bed.store.client({ beforeEach: step, afterEach: step });
  const stager = bed.stager();
  const forward: Forwarder = {
    stage: async (epoch) => {
      step();
      const staged = await stager.stage(epoch);
      step();
      return {
        release: async () => {
          step();
          await staged.release();
          step();
        },
        discard: staged.discard,
      };
    },
  };
  const processor = new DigestProcessor({
    ...{ store, stream: STREAM, settings: DEFAULT_SETTINGS, workerId: 'w', forward },
    clock: new ManualClock(records.at(-1)!.arrival),
    history: () => ({
      firstFrom: async (from) =>
        records.find((r) => compareSequences(r.sequenceNumber, from) >= 0)?.sequenceNumber ?? null,
      firstAfter: async (after) =>
        records.find((r) => compareSequences(r.sequenceNumber, after) > 0)?.sequenceNumber ?? null,
    }),
  });
  const checkpointer = {
    checkpoint: async (sequence?: string): Promise<void> => {
      step();
      over(sequence ?? 'SHARD_END');
    },
  };
  await processor.initialize({ shardId: SHARD, position: world.checkpoint });
  const left = /^\d/.test(world.checkpoint)
    ? records.filter((record) => compareSequences(record.sequenceNumber, world.checkpoint) > 0)
    : records;
  await processor.processRecords({ records: left, millisBehindLatest: 0, checkpointer });
  await processor.shutdownRequested({ checkpointer });
};

test.for([1, 2, 3, 4])('killed at any step, over and over (seed %i)', { timeout: 60_000 }, async (seed) => {
  const chance = random(seed);
  const bed = await ForwardBed.open();
  try {
    const world: World = { bed, records: written(12), checkpoint: 'TRIM_HORIZON' };
    bed.firehose.answer = (call) =>
      call % 5 === 4 ? 'lose' : call % 3 === 2 ? { refuse: (i) => i % 2 === 0 } : 'take';
    let kills = 0;
    for (let done = false; !done; ) {
      const sender = bed.sender();
      let steps = 4 + Math.floor(chance() * 60);
      const step = (): void => {
        if (kills < 40 && steps-- <= 0) throw new Killed();
      };
      try {
        await work(world, step, (checkpoint) => {
          world.checkpoint = checkpoint;
        });
        done = true;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        kills++;
      }
      await sender.close(chance() < 0.5 ? 0 : 500); // a kill leaves it no time
    }
    expect(kills).toBeGreaterThan(5);
    bed.sender();
    bed.clock.ahead += 60_000;
    const expected = await committedIds(bed.store);
    expect(expected.length).toBeGreaterThan(30);
    await until('everything is sent', () => idsOf(bed.firehose.records).size === expected.length, 20);
    expect([...idsOf(bed.firehose.records)].sort()).toEqual(expected);
    // The same id is the same row, whoever sent it.
    expect(new Set(bed.firehose.records).size).toBe(expected.length);
  } finally {
    await bed.close();
  }
});

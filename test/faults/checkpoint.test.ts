// Checkpoints that are refused, or stored though they are reported as refused: none is ever past what is committed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { churn, expectExactlyOnce, finish, RUNS, TIMEOUT } from './drive.ts';
import { Fleet, type WorkerOptions } from './fleet.ts';
import { Streams } from './streams.ts';

describe('checkpoints', { timeout: TIMEOUT }, () => {
  it('throttled, failing, or stored and reported as failed, at SHARD_END too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom(0.1, 0.5, 0.9), async (seed, share) => {
        const streams = new Streams(seed, 2);
        const fleet = new Fleet(streams);
        const { random } = streams;
        const checkpoint: NonNullable<WorkerOptions['checkpoint']> = () =>
          random() < share ? streams.pick<'refused' | 'unanswered'>(['refused', 'unanswered']) : 'stored';
        await churn(fleet, 500, {
          ...{ kinds: ['flow', 'flow', 'again', 'parts'], split: 0.004, merge: 0.004 },
          worker: () => ({ checkpoint }),
        });
        await finish(fleet);
        await expectExactlyOnce(fleet);
      }),
      { numRuns: RUNS },
    );
  });

  it('that are all refused: the worker goes on, and what comes again is skipped', async () => {
    const streams = new Streams(1);
    const fleet = new Fleet(streams);
    await churn(fleet, 600, { kill: 0, killAll: 0.01, steal: 0, worker: () => ({ checkpoint: () => 'refused' }) });
    expect(fleet.failures).toEqual([]);
    expect(fleet.checkpoints.size).toBe(0);
    expect(fleet.watch.committed(streams.shards[0]!)).toBeGreaterThan(0);
    await finish(fleet);
    await expectExactlyOnce(fleet);
  });

  it('of a shard’s end that is refused: the worker ends, and the shard is ended by the next', async () => {
    const streams = new Streams(1);
    const fleet = new Fleet(streams);
    const [parent] = streams.shards;
    for (let n = 0; n < 5; n++) streams.put('flow', parent);
    streams.split(parent);
    fleet.start(parent!, { steady: true, checkpoint: () => 'refused' });
    while (fleet.live > 0) await fleet.step();
    expect(fleet.failures).toEqual(['VF_CHECKPOINT_FAILED']);
    expect(fleet.watch.committed(parent!)).toBe(5);
    expect(fleet.startable).toEqual([parent]);
    await finish(fleet);
    await expectExactlyOnce(fleet);
  });
});

// The watermark: the first uncommitted arrival, or the tip as of the batch before the prefetched ones; never back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceWatermark, type WatermarkState } from '../../../pipeline/epoch/watermark.ts';

const start: WatermarkState = { watermark: 0, received: [] };

describe('advanceWatermark', () => {
  it('is the arrival of the first record that is not committed', () => {
    expect(advanceWatermark(start, { now: 900, atTip: true, uncommittedSince: 500 }).watermark).toBe(500);
  });

  it('at the tip with nothing uncommitted, lags by the batches that may have been fetched ahead', () => {
    const batches = [100, 200, 300, 400, 500, 600, 700, 800].map((now) => ({
      now,
      atTip: true,
      uncommittedSince: null,
    }));
    const marks: number[] = [];
    batches.reduce((state, batch) => {
      const next = advanceWatermark(state, batch);
      marks.push(next.watermark);
      return next;
    }, start);
    expect(marks).toEqual([0, 0, 0, 0, 0, 0, 100, 200]);
  });

  it('stays behind the tip while it does not know, or is not there', () => {
    const received = [1, 2, 3, 4, 5, 6, 7, 8];
    const unknown = { now: 900, atTip: true, uncommittedSince: Number.NEGATIVE_INFINITY };
    expect(advanceWatermark({ watermark: 7, received }, unknown).watermark).toBe(7);
    expect(
      advanceWatermark({ watermark: 7, received }, { ...unknown, atTip: false, uncommittedSince: null }).watermark,
    ).toBe(7);
  });

  it('does not take the last batch of a shard, read long after it was closed, for one at the tip', () => {
    const behind = [1, 2, 3, 4, 5, 6, 7, 8].map((now) => ({ now, atTip: false, uncommittedSince: null }));
    const state = behind.reduce((before, batch) => advanceWatermark(before, batch), { ...start, watermark: 0.5 });
    expect(advanceWatermark(state, { now: 9, atTip: true, uncommittedSince: null }).watermark).toBe(0.5);
  });

  it('never moves back', () => {
    const batch = fc.record({
      now: fc.nat(),
      atTip: fc.boolean(),
      uncommittedSince: fc.option(fc.oneof(fc.nat(), fc.constant(Number.NEGATIVE_INFINITY))),
    });
    fc.assert(
      fc.property(fc.array(batch), (batches) => {
        batches.reduce((state, next) => {
          const after = advanceWatermark(state, next);
          expect(after.watermark).toBeGreaterThanOrEqual(state.watermark);
          return after;
        }, start);
      }),
    );
  });
});

// How often a client may ask: never more than its share and what it saved, and always again after the wait.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bucket, isFull, take } from '../../../pipeline/access/token-bucket.ts';

test('a minute of questions at once, then one as often as they come', () => {
  let bucket: Bucket | undefined;
  const ask = (now: number): number => {
    const taken = take(bucket, 3, now);
    bucket = taken.bucket;
    return taken.wait;
  };
  expect([ask(0), ask(0), ask(0), ask(0), ask(10_000), ask(20_000), ask(20_000)]).toEqual([
    0, 0, 0, 20_000, 10_000, 0, 20_000,
  ]);
  expect(ask(3_600_000)).toBe(0); // and no more than a minute was saved:
  expect([ask(3_600_000), ask(3_600_000), ask(3_600_000)]).toEqual([0, 0, 20_000]);
});

test('of any questions no more are answered than were saved and came; whoever waits is answered', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 300 }),
      (perMinute, pauses) => {
        let [now, answered] = [1_000_000, 0];
        let bucket: Bucket | undefined;
        for (const pause of pauses) {
          now += pause;
          const { bucket: after, wait } = take(bucket, perMinute, now);
          if (wait === 0) answered += 1;
          else expect(take(after, perMinute, now + wait).wait).toBe(0);
          bucket = after;
        }
        expect(answered).toBeLessThanOrEqual(perMinute + ((now - 1_000_000) * perMinute) / 60_000);
        if (bucket !== undefined) expect(isFull(bucket, perMinute, now + 60_000)).toBe(true);
      },
    ),
  );
});

test('a clock that is set back gives nothing and takes nothing', () => {
  const { bucket } = take(undefined, 2, 1_000_000);
  expect(take(bucket, 2, 0)).toEqual({ bucket: { level: 0, at: 0 }, wait: 0 });
});

// What of a call is sent again, and when.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isThrottle, LONGEST_PAUSE, pauseAfter, refused } from '../../../pipeline/forward/retry.ts';

test('only what was refused is sent again, in order', () => {
  const answers = [{ RecordId: '1' }, { ErrorCode: 'ServiceUnavailableException' }, { RecordId: '2' }, {}];
  expect(refused(['a', 'b', 'c', 'd'], answers)).toEqual(['b', 'd']);
});

test('an answer that says nothing of a record has not taken it', () => {
  expect(refused(['a', 'b'], [])).toEqual(['a', 'b']);
});

test('pauses double up to half a minute, never longer, never shorter than half of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.boolean(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, throttled, chance) => {
        const pause = pauseAfter(failures, throttled, chance);
        expect(pause).toBeGreaterThanOrEqual(100);
        expect(pause).toBeLessThanOrEqual(LONGEST_PAUSE);
        expect(pauseAfter(failures + 1, throttled, chance)).toBeGreaterThanOrEqual(pause);
        expect(pauseAfter(failures, true, chance)).toBeGreaterThanOrEqual(pauseAfter(failures, false, chance));
      },
    ),
  );
  expect([1, 2, 3, 20].map((failures) => pauseAfter(failures, false, 1))).toEqual([200, 400, 800, LONGEST_PAUSE]);
  expect(pauseAfter(1, true, 1)).toBe(1000);
});

test('too much at once is told from other failures', () => {
  for (const name of ['ServiceUnavailableException', 'LimitExceededException', 'ThrottlingException'])
    expect(isThrottle(name)).toBe(true);
  for (const name of ['', 'TimeoutError', 'AccessDeniedException', 'InternalFailure'])
    expect(isThrottle(name)).toBe(false);
});

// The step of a series: long enough for a chart, of whole minutes, and dividing the day.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chosenStep, stepFor } from '../../../pipeline/series/step.ts';
import { MINUTE_MS } from '../../../pipeline/window/window.ts';

const of = (minutes: number) => ({ start: 7 * MINUTE_MS, stop: (7 + minutes) * MINUTE_MS });

test.each([
  [1, 1],
  [15, 1],
  [120, 1],
  [121, 5],
  [600, 5],
  [601, 15],
  [1440, 15],
  [1800, 15],
  [1801, 60],
  [7200, 60],
  [7201, 360],
  [43_200, 360],
  [43_201, 1440],
  [576_000, 1440],
])('%i minutes have steps of %i minutes', (window, step) => {
  expect(stepFor(of(window)) / MINUTE_MS).toBe(step);
});

test('a window of up to 120 days has 120 points at most, and 20 or more from 20 minutes on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 120 * 1440 }), (minutes) => {
      const points = (minutes * MINUTE_MS) / stepFor(of(minutes));
      expect(points).toBeLessThanOrEqual(120);
      expect(points).toBeGreaterThanOrEqual(20);
    }),
  );
});

test('a given step is taken as it is, if it is of whole minutes', () => {
  expect(chosenStep(null, of(15))).toBe(MINUTE_MS);
  expect(chosenStep(7 * MINUTE_MS, of(15))).toBe(7 * MINUTE_MS);
  for (const step of [90_000, 1000, 0]) expect(() => chosenStep(step, of(15))).toThrow('whole minutes');
});

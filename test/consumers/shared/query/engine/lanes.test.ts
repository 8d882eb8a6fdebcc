// Which threads the steps of small and of large questions have.
import { expect, test } from 'vitest';
import { Lanes, threadsOf } from '../../../../../consumers/shared/query/engine/lanes.ts';

test('half of the threads run small questions, a quarter large ones, and a quarter is left', async () => {
  const lanes = new Lanes(8);
  const { promise, resolve } = Promise.withResolvers<void>();
  const steps = [...Array(6).keys()].flatMap(() => [
    lanes.pass('small', false, () => promise),
    lanes.pass('large', false, () => promise),
  ]);
  expect(lanes.present).toEqual({ running: { small: 4, large: 2 }, waiting: { small: 2, large: 4 } });
  resolve();
  await Promise.all(steps);
  expect(lanes.present).toEqual({ running: { small: 0, large: 0 }, waiting: { small: 0, large: 0 } });
});

test.each([
  [undefined, 4],
  ['2', 4],
  ['many', 4],
  ['16', 16],
])('UV_THREADPOOL_SIZE %j: %i threads', (UV_THREADPOOL_SIZE, threads) => {
  expect(threadsOf({ UV_THREADPOOL_SIZE })).toBe(threads);
});

// The manual clock wakes sleepers at their own deadlines, in order, and never by itself.
import { expect, it } from 'vitest';
import { ManualClock } from './manual-clock.ts';

it('wakes sleepers in the order of their deadlines, each at its own time', async () => {
  const clock = new ManualClock(1_000);
  const woken: [string, number][] = [];
  const note = (name: string) => () => void woken.push([name, clock.now()]);
  void clock.sleep(30).then(note('c'));
  void clock.sleep(10).then(note('a'));
  const chained = clock.sleep(20).then(note('b'));
  void chained.then(() => clock.sleep(5)).then(note('b again'));
  await clock.advance(9);
  expect(woken).toEqual([]);
  await clock.advance(21);
  expect(woken).toEqual([
    ['a', 1_010],
    ['b', 1_020],
    ['b again', 1_025],
    ['c', 1_030],
  ]);
  expect(clock.now()).toBe(1_030);
  expect(clock.sleeping).toBe(0);
});

it('ends a sleep at once when its signal aborts', async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const sleep = clock.sleep(60_000, abort.signal);
  await clock.untilSleeping();
  abort.abort();
  await sleep;
  expect(clock.sleeping).toBe(0);
  await clock.sleep(60_000, abort.signal);
});

it('does not run backwards', async () => {
  const clock = new ManualClock(50);
  await clock.advanceTo(60);
  await expect(clock.advanceTo(59)).rejects.toThrow(RangeError);
});

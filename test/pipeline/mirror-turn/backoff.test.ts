// When a request that EC2 refuses is asked again: after a minute, then ever later, half an hour at most.
import { expect, test } from 'vitest';
import { Backoff } from '../../../pipeline/mirror-turn/backoff.ts';

const MINUTE = 60_000;

test('each refusal doubles the time, up to half an hour; an answer begins anew', () => {
  const backoff = new Backoff();
  let now = 0;
  const waits: number[] = [];
  for (let times = 0; times < 8; times += 1) {
    backoff.refused('a', now);
    const before = now;
    while (!backoff.isDue('a', now)) now += MINUTE;
    waits.push((now - before) / MINUTE);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  expect(backoff.isDue('b', now)).toBe(true);
  backoff.cleared('a');
  backoff.refused('a', now);
  expect(backoff.isDue('a', now + MINUTE)).toBe(true);
});

test('a clock that was set back keeps nobody waiting; what waits no longer is forgotten', () => {
  const backoff = new Backoff();
  backoff.refused('a', 1_000 * MINUTE);
  expect(backoff.isDue('a', 1_000 * MINUTE)).toBe(false);
  expect(backoff.isDue('a', 10 * MINUTE)).toBe(true);
  backoff.keep(new Set(['b']));
  expect(backoff.isDue('a', 1_000 * MINUTE)).toBe(true);
});

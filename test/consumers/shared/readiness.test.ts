// Whether the stream is reachable: known from what is put, asked where nothing is.
import { expect, test } from 'vitest';
import { Readiness } from '../../../consumers/shared/readiness.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

/** A stream that can be reached or not, and how often it was asked. */
const asked = () => {
  const stream = { reachable: true, silent: false, probes: 0 };
  const probe = async (signal: AbortSignal): Promise<void> => {
    stream.probes += 1;
    if (stream.silent) await new Promise((_, failed) => signal.addEventListener('abort', failed));
    if (!stream.reachable) throw new Error('no route');
  };
  return { stream, probe };
};

test('nobody is asked as long as something was put lately, and one for all who want to know', async () => {
  const clock = new ManualClock();
  const { stream, probe } = asked();
  const readiness = new Readiness(clock, probe, 'ready');
  expect(await readiness.ready()).toBe(true);
  await clock.advance(14_000);
  readiness.heard();
  await clock.advance(14_000);
  expect(await readiness.ready()).toBe(true);
  expect(stream.probes).toBe(0);
  stream.reachable = false;
  await clock.advance(1000);
  expect(await Promise.all([readiness.ready(), readiness.ready()])).toEqual([false, false]);
  expect(await readiness.ready()).toBe(false);
  expect(stream.probes).toBe(1);
  stream.reachable = true;
  await clock.advance(15_000);
  expect(await readiness.ready()).toBe(true);
  expect(clock.sleeping).toBe(0);
});

test('after a put that failed the stream is asked at once; a stream that says nothing is not ready after five seconds', async () => {
  const clock = new ManualClock();
  const { stream, probe } = asked();
  const readiness = new Readiness(clock, probe, 'ready');
  readiness.doubt();
  expect(await readiness.ready()).toBe(true); // too busy for the records, and there
  stream.reachable = false;
  readiness.doubt();
  expect(await readiness.ready()).toBe(false);
  stream.silent = true;
  readiness.heard();
  await clock.advance(15_000);
  const answer = readiness.ready();
  await clock.untilSleeping();
  await clock.advance(5000);
  expect(await answer).toBe(false);
});

test('what was never asked for is asked before it is ready, again after the time given, and says what it is', async () => {
  const clock = new ManualClock();
  const { stream, probe } = asked();
  stream.reachable = false;
  const readiness = new Readiness(clock, probe, 'unknown', 1000);
  expect(await readiness.failure()).toEqual(new Error('no route'));
  stream.reachable = true;
  expect(await readiness.ready()).toBe(false);
  await clock.advance(1000);
  expect(await readiness.failure()).toBe(null);
});

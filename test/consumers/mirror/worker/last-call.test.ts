// What is under way when everything is told to end: it has its time, and no more.
import { expect, test } from 'vitest';
import { lastCall } from '../../../../consumers/mirror/worker/last-call.ts';
import { processName } from '../../../../consumers/mirror/worker/worker-name.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

test('is waited for, and left at last', async () => {
  const clock = new ManualClock();
  const end = new AbortController();
  const last = lastCall(end.signal, clock);
  await clock.advance(3_600_000);
  expect(last.signal.aborted).toBe(false);
  end.abort();
  await clock.advance(19_999);
  expect(last.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(last.signal.reason).toBeInstanceOf(VpcflowError);
  expect(lastCall(end.signal, clock).signal.aborted).toBe(false); // told to end before: it has its time, too
});

test('is never left once it is over', async () => {
  const clock = new ManualClock();
  const end = new AbortController();
  const last = lastCall(end.signal, clock);
  end.abort();
  last.over();
  await clock.advance(60_000);
  expect([last.signal.aborted, clock.sleeping]).toEqual([false, 0]);
});

test('the plans of two processes of one worker have names of their own, of letters and digits', () => {
  const names = [processName('web-1.example/ä'), processName('web-1.example/ä'), processName('x'.repeat(300))];
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^\w{1,49}$/);
});

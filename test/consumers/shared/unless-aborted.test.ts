// Work that goes on is left when its signal aborts, and nothing that it does later disturbs anybody.
import { expect, test } from 'vitest';
import { unlessAborted } from '../../../consumers/shared/unless-aborted.ts';

const left = new Error('left');

test('it ends as the work does', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1);
  expect(await unlessAborted(Promise.resolve(2), undefined)).toBe(2);
  await expect(unlessAborted(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
});

test('it ends with the signal, before it and in the midst of it, whatever the work does afterwards', async () => {
  const stop = new AbortController();
  const work = Promise.withResolvers<void>();
  const waiting = unlessAborted(work.promise, stop.signal);
  stop.abort(left);
  await expect(waiting).rejects.toBe(left);
  await expect(unlessAborted(work.promise, stop.signal)).rejects.toBe(left);
  await expect(unlessAborted(Promise.resolve(), stop.signal)).rejects.toBe(left);
  work.reject(new Error('too late'));
  await new Promise(setImmediate); // an unhandled rejection would fail the test
});

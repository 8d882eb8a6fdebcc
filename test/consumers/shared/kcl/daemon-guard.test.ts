// Shows that a daemon is never started without what ends it when its worker is killed.
import { afterEach, expect, test } from 'vitest';
import { startGuard } from '../../../../consumers/shared/kcl/daemon-guard.ts';

const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});

test('a guard that cannot be started is an error with what to do', async () => {
  process.env.PATH = `/${'x'.repeat(200_000)}`; // more than a variable of a new process may have
  await expect(startGuard('/nowhere')).rejects.toMatchObject({
    ...{ code: 'VF_ENGINE', message: expect.stringContaining('the guard of the daemon cannot be started: ') },
    help: expect.stringContaining('/bin/sh'),
  });
});

test('one that has nothing to guard ends when it is dismissed', async () => {
  process.env.PATH = '/nowhere';
  const guard = await startGuard('/nowhere');
  await expect(guard.dismiss()).resolves.toBe(undefined);
});

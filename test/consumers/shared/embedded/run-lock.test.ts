// One run at a time on a state directory; a lock dies with its holder, and a killed run is told from one that ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { acquireRunLock } from '../../../../consumers/shared/embedded/run-lock.ts';
import { ROOT } from '../../../source-files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-lock-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('a second run is refused with the process id of the first, until that has ended', async () => {
  const first = await acquireRunLock(directory, systemClock);
  expect(first.killedAbout).toBeNull();
  const refusal = acquireRunLock(directory, systemClock);
  await expect(refusal).rejects.toMatchObject({ code: 'VF_IN_USE' });
  await expect(refusal).rejects.toThrow(`process ${process.pid} runs on`);
  await first.release(true);
  const second = await acquireRunLock(directory, systemClock);
  expect(second.killedAbout).toBeNull();
  await second.release(true);
});

test('a lock is held until its process is killed, also when nobody refers to it; then it is free, and its last sign of life is known', async () => {
  const script = `
    import { acquireRunLock } from '${join(ROOT, 'consumers/shared/embedded/run-lock.ts')}';
    import { setImmediate as turn } from 'node:timers/promises';
    const lockAndForget = async () => {
      const lock = await acquireRunLock(${JSON.stringify(directory)}, { now: () => 1795183200000 });
      await lock.beat();
    };
    await lockAndForget();
    for (let i = 0; i < 3; i++) {
      await turn();
      globalThis.gc();
    }
    console.log('held');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    await Promise.race([once(child.stdout, 'data'), ended]);
    await expect(acquireRunLock(directory, systemClock)).rejects.toThrow(`process ${child.pid} runs on`);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  const next = await acquireRunLock(directory, systemClock);
  expect(next.killedAbout).toBe(1_795_183_200_000);
  await next.release(true);
});

test('a run that did not end clean is taken for killed', async () => {
  const first = await acquireRunLock(directory, systemClock);
  await first.release(false);
  const second = await acquireRunLock(directory, systemClock);
  expect(second.killedAbout).not.toBeNull();
  await second.release(true);
});

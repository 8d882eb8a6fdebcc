// Shows that a worker's name is held by one process of the host at a time, and by nobody once that one is dead.
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireWorkerLock } from '../../../../consumers/shared/kcl/worker-lock.ts';

const outside = process.env.TMPDIR;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  process.env.TMPDIR = directory;
});
afterEach(async () => {
  if (outside === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = outside;
  await rm(directory, { recursive: true });
});

const name = { application: 'a', stream: { arn: 'arn:1' }, workerId: 'w' };

test('one name is held once; another application, stream or worker id is another name', async () => {
  const lock = await acquireWorkerLock(name);
  await expect(acquireWorkerLock(name)).rejects.toMatchObject({
    ...{ code: 'VF_IN_USE', help: expect.stringContaining('--worker-id') },
  });
  for (const other of [{ application: 'b' }, { stream: { arn: 'arn:2' } }, { workerId: 'v' }])
    (await acquireWorkerLock({ ...name, ...other })).release();
  await lock.touch();
  lock.release();
  (await acquireWorkerLock(name)).release();
});

test('a process that is killed holds it no longer', async () => {
  const module = new URL('../../../../consumers/shared/kcl/worker-lock.ts', import.meta.url).href;
  const program = `const { acquireWorkerLock } = await import('${module}');
    await acquireWorkerLock(${JSON.stringify(name)}); console.log('held'); setInterval(() => {}, 1e6);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => holder.once('exit', resolve));
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  await expect(acquireWorkerLock(name)).rejects.toMatchObject({ code: 'VF_IN_USE' });
  holder.kill('SIGKILL');
  await exited;
  (await acquireWorkerLock(name)).release();
});

test('a directory that others could write to, or that is a link, is refused', async () => {
  const uid = process.getuid?.() ?? 0;
  const locks = join(directory, `vpcflow-workers-${uid}`);
  await mkdir(locks);
  await chmod(locks, 0o777);
  await expect(acquireWorkerLock(name)).rejects.toMatchObject({
    code: 'VF_ENGINE',
    help: expect.stringContaining('TMPDIR'),
  });
  await rm(locks, { recursive: true });
  await mkdir(join(directory, 'elsewhere'), { mode: 0o700 });
  await symlink(join(directory, 'elsewhere'), locks);
  await expect(acquireWorkerLock(name)).rejects.toMatchObject({ code: 'VF_ENGINE' });
});

test('a file that cannot be written, as on a full disk, is an error with its directory and what to do', async () => {
  const locks = join(directory, `vpcflow-workers-${process.getuid?.() ?? 0}`);
  const error = {
    ...{ code: 'VF_ENGINE', message: expect.stringContaining(locks) },
    help: expect.stringContaining('free space or set TMPDIR'),
  };
  await writeFile(locks, '');
  await expect(acquireWorkerLock(name)).rejects.toMatchObject(error);
  await rm(locks);
  (await acquireWorkerLock(name)).release();
  const [lock] = await readdir(locks);
  await rm(join(locks, lock ?? ''));
  await mkdir(join(locks, lock ?? ''));
  await expect(acquireWorkerLock(name)).rejects.toMatchObject(error);
});

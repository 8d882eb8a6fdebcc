// A directory of a process's own: it goes with its process, and no other process's goes with it.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { openOwnedDirectory } from '../../../../../consumers/shared/query/cache/owned-directory.ts';

let parent: string;
const made: string[] = [];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'vpcflow-owned-'));
  made.push(parent);
});
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true }))));

test('orphans of the same prefix are removed, others and those in use stay', async () => {
  await mkdir(join(parent, 'mine-orphan'));
  await writeFile(join(parent, 'mine-orphan', 'file'), '');
  await mkdir(join(parent, 'other'));
  const [one, two] = [await openOwnedDirectory(parent, 'mine-'), await openOwnedDirectory(parent, 'mine-')];
  expect((await readdir(parent)).map((name) => join(parent, name)).sort()).toEqual(
    [one.path, two.path, join(parent, 'other')].sort(),
  );
  await one.close();
  await two.close();
  expect(await readdir(parent)).toEqual(['other']);
});

test('what another process puts into it while it is removed is removed too', async () => {
  const { path, close } = await openOwnedDirectory(parent, 'mine-');
  let closed = false;
  // What looks for orphans makes the lock anew where it has gone before the directory.
  const disturb = async () => {
    for (let i = 0; !closed && i < 200; i++) await writeFile(join(path, 'lock'), '').catch(() => {});
  };
  const disturbed = disturb();
  await close();
  closed = true;
  await disturbed;
  expect(await readdir(parent)).toEqual([]);
});

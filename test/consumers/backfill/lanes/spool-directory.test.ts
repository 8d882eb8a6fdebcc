// The directory of objects on their way: for one user, gone at the end, and what a killed process left is removed.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { openSpoolDirectory } from '../../../../consumers/backfill/lanes/spool-directory.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-spools-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(folder, 'tmp-'));
});

const LEFT = 'vpcflow-spool-00000000-0000-4000-8000-000000000000';

test('is for this user alone, and gone at the end', async () => {
  const spool = await openSpoolDirectory(parent);
  expect(statSync(spool.path).mode & 0o777).toBe(0o700);
  writeFileSync(join(spool.path, 'object'), 'x');
  await spool.remove();
  expect(readdirSync(parent)).toEqual([]);
});

test('is removed when its process is gone, and left while it lives', async () => {
  mkdirSync(join(parent, LEFT));
  writeFileSync(join(parent, LEFT, 'object'), 'x');
  writeFileSync(join(parent, `${LEFT}.lock`), '');
  const one = await openSpoolDirectory(parent);
  expect(readdirSync(parent).some((name) => name.startsWith(LEFT))).toBe(false);
  const two = await openSpoolDirectory(parent);
  expect(readdirSync(one.path)).toEqual([]);
  await Promise.all([one.remove(), two.remove()]);
  expect(readdirSync(parent)).toEqual([]);
});

test('of what only looks like one, nothing is removed', async () => {
  const elsewhere = join(parent, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(parent, LEFT));
  symlinkSync(elsewhere, join(parent, `${LEFT}.lock`));
  mkdirSync(join(parent, 'vpcflow-spool-mine'));
  const before = readdirSync(parent).sort();
  await (await openSpoolDirectory(parent)).remove();
  expect(readdirSync(parent).sort()).toEqual(before);
});

test('that cannot be made is told with what to do', async () => {
  const refused = openSpoolDirectory(join(parent, 'missing'));
  await expect(refused).rejects.toMatchObject({ code: 'VF_LIMIT', help: expect.stringContaining('TMPDIR') });
});

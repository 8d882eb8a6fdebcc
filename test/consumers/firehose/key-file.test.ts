// Keys of a file that changes: rotated without a restart, and a file that is bad changes nothing.
import { chmod, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openKeyFile } from '../../../consumers/firehose/key-file.ts';
import type { Log } from '../../../consumers/shared/log.ts';
import type { WatchedFiles } from '../../../consumers/shared/watched-files.ts';
import { type AccessKeys, isAccessKey } from '../../../pipeline/firehose/access-keys.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-keys-'));
});
afterAll(() => rm(directory, { recursive: true }));

let told: string[] = [];
const tell = (_: unknown, message: string): void => void told.push(message);
const log: Log = { debug: tell, info: tell, warn: tell, error: tell };
let clock: ManualClock;
beforeEach(async () => {
  told = [];
  clock = new ManualClock();
  path = join(directory, 'keys');
  await writeFile(path, 'old-key\n');
  await chmod(path, 0o600);
});

const allowed = async (file: WatchedFiles<AccessKeys>): Promise<string[]> => {
  const keys = await file.value();
  return ['old-key', 'new-key'].filter((key) => isAccessKey(keys, key));
};

test('are read again when the file changes, at most once a second', async () => {
  const file = await openKeyFile(path, clock, log);
  expect(await allowed(file)).toEqual(['old-key']);
  await writeFile(path, 'old-key\nnew-key\n');
  expect(await allowed(file)).toEqual(['old-key']);
  await clock.advance(1000);
  expect(await allowed(file)).toEqual(['old-key', 'new-key']);
  await writeFile(`${path}.next`, 'new-key\n', { mode: 0o600 });
  await rename(`${path}.next`, path);
  await clock.advance(1000);
  expect(await allowed(file)).toEqual(['new-key']);
  expect(told).toEqual(['the access keys were read again', 'the access keys were read again']);
});

test('are read again when they are asked to be, also when the file looks the same', async () => {
  await utimes(path, 1_000_000, 1_000_000);
  const file = await openKeyFile(path, clock, log);
  await writeFile(path, 'new-key\n');
  await utimes(path, 1_000_000, 1_000_000);
  await clock.advance(1000);
  expect(await allowed(file)).toEqual(['old-key']); // size and time are those of before
  await file.reload();
  expect(await allowed(file)).toEqual(['new-key']);
});

test('stay as they were while the file is missing or empty, which is said once', async () => {
  const file = await openKeyFile(path, clock, log);
  await rm(path);
  for (let i = 0; i < 3; i++) {
    await clock.advance(1000);
    expect(await allowed(file)).toEqual(['old-key']);
  }
  expect(told).toEqual([`the access key file ${path} cannot be read: ENOENT; the keys stay as they were`]);
  await writeFile(path, '# none\n', { mode: 0o600 });
  await clock.advance(1000);
  expect(await allowed(file)).toEqual(['old-key']);
  expect(told.at(-1)).toBe(`the access key file ${path} has no key; the keys stay as they were`);
  await writeFile(path, 'new-key');
  await clock.advance(1000);
  expect(await allowed(file)).toEqual(['new-key']);
});

test('that others can read are warned about', async () => {
  await chmod(path, 0o644);
  await openKeyFile(path, clock, log);
  expect(told).toEqual([`others than its owner can read ${path}: chmod 600`]);
});

test('without any, or without a file, nothing starts', async () => {
  await writeFile(path, '\n# comment\n');
  await expect(openKeyFile(path, clock, log)).rejects.toMatchObject({ code: 'VF_USAGE' });
  await expect(openKeyFile(join(directory, 'none'), clock, log)).rejects.toMatchObject({
    code: 'VF_SOURCE_UNREADABLE',
  });
});

test('none of it tells a key', async () => {
  const file = await openKeyFile(path, clock, log);
  await file.reload();
  expect(JSON.stringify([told, Object.entries(file)])).not.toContain('old-key');
});

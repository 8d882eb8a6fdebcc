// What --store may say, and the version that a store carries.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { checkLayout, ensureLayout } from '../../../../consumers/shared/store/layout.ts';
import { openStore, parseS3Uri } from '../../../../consumers/shared/store/open.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';

it.each([
  ['s3://flow-logs', 'flow-logs', ''],
  ['s3://flow-logs/', 'flow-logs', ''],
  ['s3://flow-logs/a/b', 'flow-logs', 'a/b'],
  ['s3://flow.logs/a/b//', 'flow.logs', 'a/b'],
])('%s is a bucket and a prefix', (uri, bucket, prefix) => {
  expect(parseS3Uri(uri)).toEqual({ bucket, prefix });
});

it.each(['s3://', 's3:///a', 's3://UPPER/a', 's3:bucket', 'gs://bucket', 'https://example.com/a', ''])(
  '%j is no store',
  async (uri) => {
    await expect(openStore(uri)).rejects.toMatchObject({ code: 'VF_USAGE' });
  },
);

it.each(['s3://bucket/a//b', 's3://bucket/../b'])('%s has no usable prefix', async (uri) => {
  await expect(openStore(uri)).rejects.toMatchObject({ code: 'VF_STORE_KEY' });
});

it('an S3 store names itself', async () => {
  expect((await openStore('s3://flow-logs/a/b/')).uri).toBe('s3://flow-logs/a/b');
});

it('a path and a file URL are the same directory', async () => {
  const path = await mkdtemp(join(tmpdir(), 'vpcflow open ü-'));
  try {
    await (await openStore(pathToFileURL(path).href)).put('k', Buffer.from('x'));
    expect(await readFile(join(path, 'k'), 'utf8')).toBe('x');
    expect((await (await openStore(path)).get('k'))?.body.toString()).toBe('x');
  } finally {
    await rm(path, { recursive: true, force: true });
  }
});

it('a new store gets its version once, whoever comes first', async () => {
  const store = new MemoryStore();
  await expect(checkLayout(store)).rejects.toMatchObject({ code: 'VF_STORE_MISSING' });
  await Promise.all(Array.from({ length: 5 }, () => ensureLayout(store.client())));
  expect(store.backing.get('store.json')?.toString()).toBe('{"version":1}');
  await ensureLayout(store);
  await checkLayout(store);
});

it.each([
  ['{"version":2}', 'VF_STORE_VERSION'],
  ['{"version":"1"}', 'VF_STORE_CORRUPT'],
  ['{}', 'VF_STORE_CORRUPT'],
  ['', 'VF_STORE_CORRUPT'],
])('a store that says %j is refused', async (text, code) => {
  const store = new MemoryStore(new Map([['store.json', Buffer.from(text)]]));
  await expect(ensureLayout(store)).rejects.toMatchObject({ code });
  await expect(checkLayout(store)).rejects.toMatchObject({ code });
});

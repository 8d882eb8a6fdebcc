// The cache of a remote store's objects: one fetch an object, bounded, never taking away what a query holds.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CachedFiles } from '../../../../../consumers/shared/query/cache/cached-files.ts';
import type { ListedObject } from '../../../../../schemas/store.ts';
import { MemoryStore } from '../../../../fakes/memory-store.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const shared = (): string => join(directory, 'objects');

async function listed(store: MemoryStore): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of store.list('')) objects.push(object);
  return objects;
}

async function filled(names: readonly string[], size = 10): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const name of names) await store.put(name, Buffer.alloc(size, name));
  return store;
}

test('two queries that want an object at the same time share one fetch', async () => {
  const store = await filled(['a', 'b', 'c']);
  const gets: string[] = [];
  const watched = store.client({ beforeEach: (operation, key) => void (operation === 'get' && gets.push(key)) });
  const files = new CachedFiles(watched, { directory });
  const objects = await listed(store);
  const [first, second] = await Promise.all([files.hold(objects), files.hold(objects)]);
  expect(gets.sort()).toEqual(['a', 'b', 'c']);
  expect(second.paths).toEqual(first.paths);
  const contents = await Promise.all(first.paths.map((path) => readFile(path, 'utf8')));
  expect(contents).toEqual(['a', 'b', 'c'].map((name) => name.repeat(10)));
});

test('never more fetches at once than allowed', async () => {
  const store = await filled(Array.from({ length: 20 }, (_, i) => `object-${i}`));
  let running = 0;
  let most = 0;
  const counted = store.client({
    beforeEach: () => {
      running += 1;
      most = Math.max(most, running);
    },
    afterEach: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    },
  });
  const held = await new CachedFiles(counted, { directory, fetches: 3 }).hold(await listed(store));
  expect(held.paths.length).toBe(20);
  expect(most).toBe(3);
});

test('another content under the same key is another file', async () => {
  const store = await filled(['a']);
  const files = new CachedFiles(store, { directory });
  const before = await files.hold(await listed(store));
  await store.put('a', Buffer.from('new content'));
  const after = await files.hold(await listed(store));
  expect(await readFile(before.paths[0], 'utf8')).toBe('aaaaaaaaaa');
  expect(await readFile(after.paths[0], 'utf8')).toBe('new content');
});

test('an object that vanished since it was listed is left out', async () => {
  const store = await filled(['a', 'b']);
  const objects = await listed(store);
  await store.remove('a');
  const held = await new CachedFiles(store, { directory }).hold(objects);
  expect(await Promise.all(held.paths.map((path) => readFile(path, 'utf8')))).toEqual(['bbbbbbbbbb']);
});

test('past its size the cache gives up what nobody holds, and only that', async () => {
  const store = await filled(['a', 'b', 'c', 'd']);
  const files = new CachedFiles(store, { directory, maxBytes: 25 });
  const [a, b, c, d] = await listed(store);
  const first = await files.hold([a, b]);
  const second = await files.hold([c, d]);
  expect((await readdir(shared())).length).toBe(4);
  first.release();
  second.release();
  first.release();
  const last = await files.hold([d]);
  expect((await readdir(shared())).length).toBe(2);
  expect(await readFile(last.paths[0], 'utf8')).toBe('dddddddddd');
});

test('an aborted hold rejects at once, begins no further fetch and spoils none for others', async () => {
  const store = await filled(['a', 'b', 'c']);
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const gets: string[] = [];
  const slow = store.client({
    beforeEach: async (operation, key) => {
      if (operation !== 'get') return;
      gets.push(key);
      asked.resolve();
      await gate.promise;
    },
  });
  const files = new CachedFiles(slow, { directory, fetches: 1 });
  const objects = await listed(store);
  const abort = new AbortController();
  const staying = files.hold(objects.slice(0, 1));
  await asked.promise;
  const leaving = files.hold(objects, abort.signal);
  abort.abort(new Error('the client went away'));
  await expect(leaving).rejects.toThrow('the client went away');
  gate.resolve();
  expect((await staying).paths.length).toBe(1);
  expect(gets).toEqual(['a']);
});

test('a fetch that fails fails the hold, and leaves nothing half-written behind', async () => {
  const store = await filled(['a', 'b']);
  const broken = store.client({
    afterEach: (operation, key) => {
      if (operation === 'get' && key === 'b') throw new Error('unplugged');
    },
  });
  const files = new CachedFiles(broken, { directory });
  await expect(files.hold(await listed(store))).rejects.toThrow('unplugged');
  const held = await new CachedFiles(store, { directory }).hold(await listed(store));
  expect(held.paths.length).toBe(2);
  const names = await readdir(directory, { recursive: true });
  expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('a cache that cannot be written to is said to be so', async () => {
  const store = await filled(['a']);
  const file = join(directory, 'file');
  await writeFile(file, '');
  await expect(
    new CachedFiles(store, { directory: join(file, 'below') }).hold(await listed(store)),
  ).rejects.toMatchObject({
    code: 'VF_CACHE',
  });
});

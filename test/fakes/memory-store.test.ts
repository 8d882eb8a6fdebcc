// The memory fake passes the contract of the real stores, and its hooks fail a step before or after it happened.
import { expect, it } from 'vitest';
import { objectStoreContract } from '../contracts/object-store.ts';
import { MemoryStore } from './memory-store.ts';

objectStoreContract({
  name: 'MemoryStore',
  place: async () => {
    const first = new MemoryStore();
    return { client: () => first.client() };
  },
  runs: 200,
  big: 8 << 20,
});

const crash = (): never => {
  throw new Error('crash');
};

it('a crash before a put leaves nothing, a crash after it leaves the object', async () => {
  const store = new MemoryStore();
  await expect(store.client({ beforeEach: crash }).put('before', Buffer.from('x'))).rejects.toThrow('crash');
  await expect(store.client({ afterEach: crash }).put('after', Buffer.from('x'))).rejects.toThrow('crash');
  expect([...store.backing.keys()]).toEqual(['after']);
});

it('a client paused before its conditional put loses against the one that went on', async () => {
  const store = new MemoryStore();
  const gate = Promise.withResolvers<void>();
  const paused = store.client({ beforeEach: () => gate.promise }).put('k', Buffer.from('late'), { ifAbsent: true });
  expect((await store.put('k', Buffer.from('early'), { ifAbsent: true })).outcome).toBe('stored');
  gate.resolve();
  expect((await paused).outcome).toBe('exists');
});

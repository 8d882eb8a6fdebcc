// The part of the contract of ObjectStore that is about listings: order, prefixes, where they begin, and writers beside them.
import { describe, expect, it } from 'vitest';
import { body, collect, keysOf, type Place } from './store-place.ts';

export const objectStoreListings = (name: string, place: () => Promise<Place>): void => {
  const fresh = async () => (await place()).client();

  describe(`${name} lists`, () => {
    it('in the order of UTF-8 bytes, whatever stands beside a directory', async () => {
      const store = await fresh();
      const keys = ['a-b', 'a.b', 'a/0', 'a/b/c', 'a/b0', 'a0', 'aB/x', 'b', '\uff5e', '\ud83d\ude80', 'z'];
      for (const key of keys.toReversed()) await store.put(key, body(key));
      const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await keysOf(store, '')).toEqual(sorted);
    });

    it('by a prefix that ends anywhere', async () => {
      const store = await fresh();
      for (const key of ['a/b', 'a/b.c', 'a/bc/d', 'a/c', 'ab', 'b/a/b']) await store.put(key, body('x'));
      expect(await keysOf(store, 'a')).toEqual(['a/b', 'a/b.c', 'a/bc/d', 'a/c', 'ab']);
      expect(await keysOf(store, 'a/')).toEqual(['a/b', 'a/b.c', 'a/bc/d', 'a/c']);
      expect(await keysOf(store, 'a/b')).toEqual(['a/b', 'a/b.c', 'a/bc/d']);
      expect(await keysOf(store, 'a/bc')).toEqual(['a/bc/d']);
      expect(await keysOf(store, 'a/b/')).toEqual([]);
      expect(await keysOf(store, 'nothing/here')).toEqual([]);
    });

    it('strictly after a key, which need not exist', async () => {
      const store = await fresh();
      for (const key of ['a/1', 'a/2/x', 'a/2/y', 'a/3', 'b']) await store.put(key, body('x'));
      expect(await keysOf(store, '', 'a/2/x')).toEqual(['a/2/y', 'a/3', 'b']);
      expect(await keysOf(store, 'a/', 'a/2/')).toEqual(['a/2/x', 'a/2/y', 'a/3']);
      expect(await keysOf(store, 'a/', 'a/2/~')).toEqual(['a/3']);
      expect(await keysOf(store, 'a/', 'a')).toEqual(['a/1', 'a/2/x', 'a/2/y', 'a/3']);
      expect(await keysOf(store, 'a/', 'b')).toEqual([]);
    });

    it('sizes, and another tag for another content of the same size', async () => {
      const store = await fresh();
      await store.put('k', body('one'));
      const [before] = await collect(store.list('k'));
      const [again] = await collect(store.list('k'));
      expect(before?.size).toBe(3);
      expect(again?.tag).toBe(before?.tag);
      await store.put('other', body('filler'));
      await store.put('k', body('two'));
      const [after] = await collect(store.list('k'));
      expect(after?.tag).not.toBe(before?.tag);
    });

    it('everything that stays, once, while other keys come and go', async () => {
      const here = await place();
      const store = here.client();
      const stays = Array.from(
        { length: 40 },
        (_, i) => `hour=${String(i % 4).padStart(2, '0')}/stays-${100 + i}`,
      ).sort();
      await Promise.all(stays.map((key) => store.put(key, body('x'))));
      const writer = here.client();
      const seen: string[] = [];
      let i = 0;
      for await (const { key } of store.list('hour=')) {
        seen.push(key);
        await writer.put(`hour=0${i % 4}/comes-${i}`, body('x'));
        if (i > 2) await writer.remove(`hour=0${(i - 2) % 4}/comes-${i - 2}`);
        i++;
      }
      expect(seen.filter((key) => key.includes('stays'))).toEqual(stays);
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('nothing of a store that was never written to', async () => {
      expect(await keysOf(await fresh(), '')).toEqual([]);
    });

    it('and can be left before its end', async () => {
      const store = await fresh();
      for (const key of ['a', 'b', 'c']) await store.put(key, body('x'));
      for await (const { key } of store.list('')) {
        expect(key).toBe('a');
        break;
      }
      expect(await keysOf(store, '')).toEqual(['a', 'b', 'c']);
    });
  });
};

// Turns the obligations of ObjectStore into one suite of tests that the directory, S3 and the memory fake all pass.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../consumers/shared/store/key.ts';
import type { ObjectStore, PutCondition, PutResult } from '../../schemas/store.ts';
import { objectStoreListings } from './object-store-listings.ts';
import { body, collect, keysOf, type Place } from './store-place.ts';

export interface ContractOptions {
  readonly name: string;
  readonly place: () => Promise<Place>;
  /** How many random sequences of operations to compare with a plain map: few where each step is a request. */
  readonly runs: number;
  /** Size of the big body, bytes. */
  readonly big: number;
}

const text = async (store: ObjectStore, key: string): Promise<string | null> =>
  (await store.get(key))?.body.toString() ?? null;

const tagOf = (result: PutResult): string => {
  if (result.outcome !== 'stored') throw new Error('the put did not store');
  return result.tag;
};

export const objectStoreContract = ({ name, place, runs, big }: ContractOptions): void => {
  const fresh = async (): Promise<ObjectStore> => (await place()).client();

  describe(`${name} puts and gets`, () => {
    it('gives back the bytes that were put, to every client', async () => {
      const here = await place();
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await here.client().put('a/b.bin', bytes);
      const found = await here.client().get('a/b.bin');
      expect(found?.body.equals(bytes)).toBe(true);
    });

    it('holds an empty object, and a view into a larger buffer', async () => {
      const store = await fresh();
      await store.put('empty', Buffer.alloc(0));
      await store.put('view', Buffer.from('0123456789').subarray(3, 6));
      expect(await text(store, 'empty')).toBe('');
      expect(await text(store, 'view')).toBe('345');
    });

    it('has nothing under a key that was never put, nor under the beginning of one', async () => {
      const store = await fresh();
      expect(await store.get('a/b')).toBeNull();
      await store.put('a/b/c', body('x'));
      expect(await store.get('a/b')).toBeNull();
      expect(await store.get('a/b/c/d')).toBeNull();
      expect(await store.get('a')).toBeNull();
    });

    it('replaces the content without a condition', async () => {
      const store = await fresh();
      const before = tagOf(await store.put('k', body('one')));
      const after = tagOf(await store.put('k', body('two')));
      expect(after).not.toBe(before);
      expect(await text(store, 'k')).toBe('two');
    });

    it('is not changed through the buffers that went in or came out', async () => {
      const store = await fresh();
      const given = body('kept');
      await store.put('k', given);
      given.fill(0);
      (await store.get('k'))?.body.fill(0);
      expect(await text(store, 'k')).toBe('kept');
    });

    it(`holds ${big} bytes in one object`, async () => {
      const store = await fresh();
      const bytes = Buffer.alloc(big);
      for (let i = 0; i < big; i += 4096) bytes.writeUInt32LE((i * 2654435761) >>> 0, i);
      await store.put('big', bytes);
      const found = await store.get('big');
      expect(found?.body.length).toBe(big);
      expect(found?.body.equals(bytes)).toBe(true);
      expect((await collect(store.list('big')))[0]?.size).toBe(big);
    });

    it.each([
      'a b+c%20&d=e',
      'quote\'"<>',
      'naïve/文件/🚀.json',
      'date=2026-11-20/hour=05/x~y@z,(1).json',
      'a..b/c...d',
    ])('takes the key %s', async (key) => {
      const store = await fresh();
      await store.put(key, body('x'), { ifAbsent: true });
      expect(await text(store, key)).toBe('x');
      expect(await keysOf(store, key.slice(0, 3))).toEqual([key]);
      await store.remove(key);
      expect(await keysOf(store, '')).toEqual([]);
    });

    it.each([
      '',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      'a/./b',
      '.tmp/x',
      '.vpcflow',
      'a\0b',
      'a\nb',
      'a\\b',
    ])('refuses the key %j in every operation', async (key) => {
      const store = await fresh();
      await expect(store.put(key, body('x'))).rejects.toMatchObject({ code: 'VF_STORE_KEY' });
      await expect(store.get(key)).rejects.toMatchObject({ code: 'VF_STORE_KEY' });
      await expect(store.remove(key)).rejects.toMatchObject({ code: 'VF_STORE_KEY' });
    });

    it('refuses a lone surrogate, a part over 255 bytes, a key over 1024 bytes, and a list that climbs', async () => {
      const store = await fresh();
      for (const key of ['a\ud800', `a/${'é'.repeat(128)}`, `${'abcdefg/'.repeat(128)}x`]) {
        await expect(store.put(key, body('x'))).rejects.toMatchObject({ code: 'VF_STORE_KEY' });
      }
      for (const prefix of ['../', 'a/../', '/', '.tmp/', 'a//']) {
        await expect(collect(store.list(prefix))).rejects.toMatchObject({ code: 'VF_STORE_KEY' });
      }
    });

    it('removes, and removes again without an error', async () => {
      const here = await place();
      await here.client().put('a/b', body('x'));
      await here.client().remove('a/b');
      await here.client().remove('a/b');
      await here.client().remove('never/was');
      expect(await here.client().get('a/b')).toBeNull();
      expect(await keysOf(here.client(), '')).toEqual([]);
    });
  });

  describe(`${name} conditional puts`, () => {
    it('ifAbsent stores once and leaves what is there', async () => {
      const store = await fresh();
      expect((await store.put('k', body('first'), { ifAbsent: true })).outcome).toBe('stored');
      expect((await store.put('k', body('second'), { ifAbsent: true })).outcome).toBe('exists');
      expect((await store.put('k', body('first'), { ifAbsent: true })).outcome).toBe('exists');
      expect(await text(store, 'k')).toBe('first');
    });

    it('ifAbsent stores again after a removal', async () => {
      const store = await fresh();
      await store.put('k', body('first'), { ifAbsent: true });
      await store.remove('k');
      expect((await store.put('k', body('second'), { ifAbsent: true })).outcome).toBe('stored');
      expect(await text(store, 'k')).toBe('second');
    });

    it('ifMatch takes the tag of a put and of a get, and no older one', async () => {
      const here = await place();
      const store = here.client();
      const first = tagOf(await store.put('k', body('1')));
      expect((await here.client().get('k'))?.tag).toBe(first);
      const second = tagOf(await store.put('k', body('2'), { ifMatch: first }));
      expect((await store.put('k', body('3'), { ifMatch: first })).outcome).toBe('exists');
      expect(await text(store, 'k')).toBe('2');
      expect((await here.client().put('k', body('4'), { ifMatch: second })).outcome).toBe('stored');
    });

    it('ifMatch never brings back what was removed', async () => {
      const store = await fresh();
      const tag = tagOf(await store.put('k', body('1')));
      await store.remove('k');
      expect((await store.put('k', body('2'), { ifMatch: tag })).outcome).toBe('exists');
      expect(await store.get('k')).toBeNull();
    });

    it('has one winner among 50 writers of a new key', async () => {
      const here = await place();
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, i) => here.client().put('a/k', body(`writer ${i}`), { ifAbsent: true })),
      );
      const winners = outcomes.flatMap((result, i) => (result.outcome === 'stored' ? [i] : []));
      expect(winners).toHaveLength(1);
      expect(await text(here.client(), 'a/k')).toBe(`writer ${winners[0]}`);
    });

    it('has one winner among 50 writers of one version', async () => {
      const here = await place();
      const tag = tagOf(await here.client().put('k', body('0')));
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, i) => here.client().put('k', body(`writer ${i}`), { ifMatch: tag })),
      );
      const winners = outcomes.flatMap((result, i) => (result.outcome === 'stored' ? [i] : []));
      expect(winners).toHaveLength(1);
      expect(await text(here.client(), 'k')).toBe(`writer ${winners[0]}`);
    });

    it('loses no increment of a counter that ten clients raise by ifMatch', async () => {
      const here = await place();
      await here.client().put('counter', body('0'));
      const raise = async (): Promise<void> => {
        const store = here.client();
        for (let done = 0; done < 5; ) {
          const found = await store.get('counter');
          if (found === null) throw new Error('the counter is gone');
          const next = body(String(Number(found.body.toString()) + 1));
          if ((await store.put('counter', next, { ifMatch: found.tag })).outcome === 'stored') done++;
        }
      };
      await Promise.all(Array.from({ length: 10 }, raise));
      expect(await text(here.client(), 'counter')).toBe('50');
    });
  });

  objectStoreListings(name, place);

  it(`${name} behaves like a sorted map under any sequence of operations`, async () => {
    const key = fc.constantFrom('a/b', 'a/c/d', 'a-b', 'a/b0', 'ab', 'é/x', '🚀/y');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 4 }) }),
      fc.record({ kind: fc.constant('absent' as const), key, value: fc.string({ maxLength: 4 }) }),
      fc.record({ kind: fc.constant('match' as const), key, value: fc.string({ maxLength: 4 }) }),
      fc.record({ kind: fc.constant('remove' as const), key }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const store = await fresh();
        const model = new Map<string, string>();
        const tags = new Map<string, string>(); // of each key, the last tag seen, which may be out of date
        const put = async (at: string, value: string, condition?: PutCondition): Promise<boolean> => {
          const result = await store.put(at, body(value), condition);
          if (result.outcome === 'stored') {
            if (condition === undefined || 'ifAbsent' in condition) tags.set(at, result.tag);
            model.set(at, value);
          }
          return result.outcome === 'stored';
        };
        for (const s of steps) {
          if (s.kind === 'put') expect(await put(s.key, s.value)).toBe(true);
          else if (s.kind === 'absent') {
            const absent = !model.has(s.key);
            expect(await put(s.key, s.value, { ifAbsent: true })).toBe(absent);
          } else if (s.kind === 'match') {
            const current = (await store.get(s.key))?.tag;
            const tag = tags.get(s.key) ?? '0';
            expect(await put(s.key, s.value, { ifMatch: tag })).toBe(current === tag);
          } else {
            await store.remove(s.key);
            model.delete(s.key);
          }
        }
        expect(await keysOf(store, '')).toEqual([...model.keys()].sort(compareKeys));
        for (const [at, value] of model) expect(await text(store, at)).toBe(value);
      }),
      { numRuns: runs },
    );
  });
};

// A file name that comes again with other content: refused where something would count twice, and nowhere else.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadObject } from '../../../../consumers/backfill/object/load-object.ts';
import { identify } from '../../../../consumers/backfill/object/object-file.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { file, text } from '../flow-files.ts';
import { commits, load, total } from '../object-loading.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a name with other content', () => {
  test('is refused, because its first part would count twice, and taken with --as-new', async () => {
    const store = new MemoryStore();
    const path = file(join(folder, 'grown.log'), text(30));
    await load(path, store);
    appendFileSync(path, text(10, 30));
    await expect(load(path, store)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
    expect(total(store).flows).toBe(30);
    expect((await load(path, store, { asNew: true })).outcome).toBe('loaded');
    expect(total(store).flows).toBe(70);
    expect((await load(path, store)).outcome).toBe('known');
  });

  test('is no matter when that content is in the store already', async () => {
    const store = new MemoryStore();
    const [a, b] = [file(join(folder, 'swap', 'a'), text(3)), file(join(folder, 'swap', 'b'), text(4))];
    await load(a, store);
    await load(b, store);
    file(a, text(4));
    expect((await load(a, store)).outcome).toBe('known');
  });

  const partClaims = (store: MemoryStore) =>
    [...store.backing.keys()].filter((key) => key.startsWith('claims/backfill/'));

  /** A run that finds other content in the second pass, so that nothing of the object is claimed. */
  const changeWhileRead = async (path: string, store: MemoryStore, asNew = false): Promise<void> => {
    const object = await identify(path, () => {});
    file(path, text(20).replaceAll('ACCEPT', 'REJECT'));
    const loading = { store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew, dryRun: false };
    const feeds = { feed: 'backfill', overlap: 'refuse' } as const;
    const attempt = loadObject({ path, name: path }, object, { ...loading, ...feeds, onBytes: () => {} });
    await expect(attempt).rejects.toMatchObject({ code: 'VF_SOURCE_UNREADABLE' });
  };

  /** A run that ended between the claim of the name and that of the first part. */
  const namedOnly = async (path: string): Promise<MemoryStore> => {
    const store = new MemoryStore();
    const crashing = store.client({
      beforeEach: (operation, key) => {
        if (operation === 'put' && key.startsWith('claims/backfill/')) throw new Error('crash');
      },
    });
    await expect(load(file(path, text(20)), crashing)).rejects.toThrow('crash');
    expect(partClaims(store)).toEqual([]);
    file(path, text(20).replaceAll('ACCEPT', 'REJECT'));
    return store;
  };

  test('is taken when the first was never read to its end', async () => {
    const path = file(join(folder, 'changed.log'), text(20));
    const store = new MemoryStore();
    await changeWhileRead(path, store);
    expect(partClaims(store)).toEqual([]);
    expect((await load(path, store)).outcome).toBe('loaded');
    expect(total(store).flows).toBe(20);
  });

  test('is refused also after a run --as-new that claimed nothing', async () => {
    const path = file(join(folder, 'changed-as-new.log'), text(30));
    const store = new MemoryStore();
    await load(path, store);
    file(path, text(35));
    await changeWhileRead(path, store, true);
    await expect(load(path, store)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
    expect(total(store).flows).toBe(30);
  });

  test('is refused while the other may still be claimed, and taken with --as-new', async () => {
    const path = join(folder, 'named.log');
    const store = await namedOnly(path);
    const refused = { code: 'VF_NAME_REUSED', message: expect.stringMatching(/has not begun it$/) };
    await expect(load(path, store)).rejects.toMatchObject(refused);
    expect(partClaims(store)).toEqual([]);
    expect((await load(path, store, { asNew: true })).outcome).toBe('loaded');
    expect(total(store).flows).toBe(20);
    appendFileSync(path, text(10, 20));
    await expect(load(path, store)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
  });

  test('does not keep the first from being finished', async () => {
    const path = join(folder, 'named-first.log');
    const store = await namedOnly(path);
    await expect(load(path, store)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
    file(path, text(20));
    expect((await load(path, store)).outcome).toBe('loaded');
    expect(total(store).flows).toBe(20);
  });

  test('is guarded also when it got content that was in the store already', async () => {
    const path = join(folder, 'named-copy.log');
    const store = await namedOnly(path);
    await load(file(join(folder, 'named-original.log'), text(30)), store);
    file(path, text(30));
    expect((await load(path, store)).outcome).toBe('known');
    appendFileSync(path, text(10, 30));
    await expect(load(path, store)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
    expect(total(store).flows).toBe(30);
  });

  test('is refused as soon as a part of the other is claimed, committed or not', async () => {
    const path = file(join(folder, 'claimed.log'), text(30));
    const store = new MemoryStore();
    const crashing = store.client({
      beforeEach: (operation, key) => {
        if (operation === 'put' && key.startsWith('digests/')) throw new Error('crash');
      },
    });
    await expect(load(path, crashing)).rejects.toThrow('crash');
    expect(commits(store)).toEqual([]);
    appendFileSync(path, text(10, 30));
    await expect(load(path, store)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
  });

  test('is judged again when another run records its own while it is read', async () => {
    const store = new MemoryStore();
    const path = file(join(folder, 'raced.log'), text(20));
    const other = file(join(folder, 'raced-other.log'), text(25));
    let raced = false;
    const racing = store.client({
      beforeEach: async (operation, key) => {
        if (raced || operation !== 'put' || !key.startsWith('claims/names/')) return;
        raced = true;
        const at = { store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew: false, dryRun: false };
        const feeds = { feed: 'backfill', overlap: 'refuse' } as const;
        await loadObject({ path: other, name: path }, await identify(other, () => {}), {
          ...at,
          ...feeds,
          onBytes: () => {},
        });
      },
    });
    await expect(load(path, racing)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
    expect(partClaims(store)).toHaveLength(1);
    expect(total(store).flows).toBe(25);
  });
});

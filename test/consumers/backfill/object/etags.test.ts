// The ETag that is recorded with a name: what it saves, when it saves nothing, and that it never gives a wrong answer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadObject, type Place } from '../../../../consumers/backfill/object/load-object.ts';
import { claimName, nameState } from '../../../../consumers/backfill/object/object-claims.ts';
import { identify } from '../../../../consumers/backfill/object/object-file.ts';
import { DEFAULT_FEED } from '../../../../schemas/chain.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore, type StoreHooks } from '../../../fakes/memory-store.ts';
import { file, text } from '../flow-files.ts';
import { total } from '../object-loading.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-etags-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAME = 's3://bucket/key';
const path = file(join(folder, 'one'), text(10));
const other = file(join(folder, 'other'), text(12));

const load = async (store: MemoryStore, place: Partial<Place>, asNew = false) => {
  const at = { path, name: NAME, ...place };
  const loading = { store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew, dryRun: false };
  const more = { feed: DEFAULT_FEED, overlap: 'refuse', onBytes: () => {} } as const;
  return loadObject(at, await identify(at.path, () => {}), { ...loading, ...more });
};

const identity = async (of: string): Promise<string> => (await identify(of, () => {})).identity;

describe('a name', () => {
  test('of S3 is known by the ETag under which it was read, with and without quotes', async () => {
    const store = new MemoryStore();
    expect(await nameState(store, NAME, '"a"')).toEqual({ kind: 'unnamed' });
    await load(store, { etag: '"a"' });
    for (const etag of ['"a"', 'a']) {
      expect(await nameState(store, NAME, etag)).toEqual({ kind: 'begun', identity: await identity(path) });
    }
    for (const etag of ['"b"', null]) expect(await nameState(store, NAME, etag)).toEqual({ kind: 'other' });
  });

  test('that was read before without an ETag gets it when it comes again', async () => {
    const store = new MemoryStore();
    await load(store, {});
    expect(await nameState(store, NAME, '"a"')).toEqual({ kind: 'other' });
    expect((await load(store, { etag: '"a"' })).outcome).toBe('known');
    expect((await nameState(store, NAME, '"a"')).kind).toBe('begun');
    // The same bytes put again have another (a part size, a key of KMS).
    expect((await load(store, { etag: '"a-2"' })).outcome).toBe('known');
    expect((await nameState(store, NAME, '"a-2"')).kind).toBe('begun');
    expect((await load(store, {})).outcome).toBe('known');
    expect((await nameState(store, NAME, '"a-2"')).kind).toBe('begun');
    expect(total(store).flows).toBe(10);
  });

  test('that has other content is refused whatever its ETag, and taken as new', async () => {
    const store = new MemoryStore();
    await load(store, { etag: '"a"' });
    const replaced = { path: other, etag: '"b"' };
    await expect(load(store, replaced)).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
    expect((await nameState(store, NAME, '"b"')).kind).toBe('other');
    expect((await load(store, replaced, true)).outcome).toBe('loaded');
    expect(await nameState(store, NAME, '"b"')).toEqual({ kind: 'begun', identity: await identity(other) });
  });

  test('that somebody else took since it was found free is refused all the same', async () => {
    const store = new MemoryStore();
    await load(store, { path: other, etag: '"b"' });
    await expect(load(store, { etag: '"a"', unnamed: true })).rejects.toMatchObject({ code: 'VF_NAME_REUSED' });
    expect(total(store).flows).toBe(12);
  });

  test('that is recorded by two at once has the ETag of one of them', async () => {
    const store = new MemoryStore();
    const named = { name: NAME, identity: await identity(path) };
    await claimName(store, { ...named, etag: '"a"' }, 'refuse');
    let raced = false;
    const hooks: StoreHooks = {
      afterEach: async (operation) => {
        if (operation !== 'get' || raced) return;
        raced = true;
        await claimName(store, { ...named, etag: '"b"' }, 'refuse');
      },
    };
    await claimName(store.client(hooks), { ...named, etag: '"c"' }, 'refuse');
    expect(raced).toBe(true);
    expect((await nameState(store, NAME, '"c"')).kind).toBe('begun');
  });
});

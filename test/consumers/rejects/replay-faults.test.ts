// A replay that dies at any call of the store, and replays at the same time: each reject is taken once, the audit adds up.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditStore } from '../../../consumers/shared/audit/audit-store.ts';
import { serialize } from '../../../pipeline/documents.ts';
import type { ReplayClaim } from '../../../schemas/chain.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { type Backing, MemoryStore, type StoreHooks, type StoreOperation } from '../../fakes/memory-store.ts';
import {
  backfill,
  CUSTOM,
  commits,
  custom,
  digest,
  merged,
  nodata,
  RIGHT,
  replay,
  timeless,
} from './rejecting-store.ts';

/** A stream with a source in each of two hours, and an object of two parts. */
const rejected = new MemoryStore();
const RULES = [...RIGHT.formats, { logGroup: '*', format: CUSTOM }];
const SETTINGS = { ...RIGHT, formats: RULES, format: CUSTOM };
let expected: Awaited<ReturnType<typeof found>>;

/** What must be the same however often a replay died: each row once, each line counted once. */
const found = async (store: MemoryStore) => {
  const { report, open } = await auditStore(store, { window: null });
  expect([report.gaps, open]).toEqual([[], []]);
  const { lines, flows, nodata: idle, bytes, replayed, rejects } = report;
  return {
    ...{ lines, flows, idle, bytes, replayed, rejects },
    ...{ digests: merged(store, 'digests'), coverage: merged(store, 'coverage') },
  };
};

beforeAll(async () => {
  await digest(rejected, [
    { minute: 0, logGroup: 'custom-1', lines: [custom(1), 'garbage', nodata()] },
    { minute: 3, logGroup: 'timeless', lines: [timeless(1)] },
  ]);
  await backfill(rejected, [custom(7), custom(8), custom(9)], DEFAULT_SETTINGS, 2);
  const store = new MemoryStore(new Map(rejected.backing));
  expect(await replay(store, { settings: SETTINGS, overlap: 'add' })).toMatchObject({ taken: 6, sources: 4 });
  expected = await found(store);
  expect(expected).toMatchObject({ lines: 7n, flows: 5n, idle: 1n, replayed: 6n, rejects: { lines: 1n } });
});

class Died extends Error {}

const copy = (): Backing => new Map(rejected.backing);

/** Hooks that count calls, and die before or after the n-th. */
const dying = (at: number, when: 'before' | 'after'): { readonly hooks: StoreHooks; readonly calls: () => number } => {
  let calls = 0;
  const die = (reached: number): void => {
    if (reached >= at) throw new Died();
  };
  const hooks: StoreHooks = {
    beforeEach: () => {
      calls++;
      if (when === 'before' || calls > at) die(calls);
    },
    afterEach: () => {
      if (when === 'after') die(calls);
    },
  };
  return { hooks, calls: () => calls };
};

/** A store in which a replay died between its claim and its commit, and the claim then became another. */
const claimedOnly = async (
  backing: ConstructorParameters<typeof MemoryStore>[0],
  change: Partial<ReplayClaim>,
): Promise<MemoryStore> => {
  const store = new MemoryStore(backing);
  const noCommit: StoreHooks = {
    beforeEach: (operation, key) => {
      if (operation === 'put' && key.startsWith('commits/')) throw new Died();
    },
  };
  await expect(replay(store.client(noCommit), { settings: SETTINGS, overlap: 'add' })).rejects.toThrow(Died);
  const [key = ''] = [...store.backing.keys()].filter((one) => one.startsWith('claims/replay/'));
  store.backing.set(key, serialize({ ...JSON.parse(String(store.backing.get(key))), ...change }));
  return store;
};

describe('a replay that dies', () => {
  it.each(['before', 'after'] as const)('%s any call of the store is finished by the next', async (when) => {
    const undisturbed = dying(Number.POSITIVE_INFINITY, when);
    await replay(new MemoryStore(copy(), undisturbed.hooks), { settings: SETTINGS, overlap: 'add' });
    expect(undisturbed.calls()).toBeGreaterThan(30);
    let finished = 0;
    for (let at = 1; at <= undisturbed.calls(); at++) {
      const store = new MemoryStore(copy());
      const { hooks } = dying(at, when);
      await expect(replay(store.client(hooks), { settings: SETTINGS, overlap: 'add' })).rejects.toThrow(Died);
      // Whoever comes next may have settings under which nothing decodes: what was claimed has its own.
      const second = await replay(store, { settings: DEFAULT_SETTINGS, overlap: 'add' });
      expect(second.taken).toBe(second.finished);
      finished += second.finished;
      const third = await replay(store, { settings: SETTINGS, overlap: 'add' });
      expect(third.finished).toBe(0);
      expect(await found(store), `${when} call ${at}`).toEqual(expected);
    }
    expect(finished).toBeGreaterThan(4);
  });
});

describe('replays at the same time', () => {
  it('take each row once, whoever is faster', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), async (scheduler, maxRanges) => {
        const store = new MemoryStore(copy());
        const run = (name: string, logGroup: string | null) => {
          const wait = (operation: StoreOperation, key: string) =>
            scheduler.schedule(Promise.resolve(), `${name} ${operation} ${key}`);
          const settings = name === 'a' ? SETTINGS : { ...SETTINGS, servicePorts: [4] };
          const selection = { reason: null, logGroup };
          return replay(store.client({ beforeEach: wait }), { settings, overlap: 'add', maxRanges, selection });
        };
        const all = Promise.all([run('a', null), run('b', null), run('c', 'custom*')]);
        await scheduler.waitFor(all);
        const rows = commits(store).flatMap(({ replays }) => (replays === undefined ? [] : [replays]));
        expect(rows.flatMap(({ by_reason }) => Object.values(by_reason)).reduce((x, y) => x + y, 0)).toBe(6);
        expect(await found(store)).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  it('of another version are finished by that version', async () => {
    const store = await claimedOnly(copy(), { decoder: 1 });
    await expect(replay(store, { settings: SETTINGS })).rejects.toMatchObject({ code: 'VF_DECODER_VERSION' });
  });

  it('that claim rows which do not decode are refused', async () => {
    const store = await claimedOnly(copy(), { rows: [[0, 9]] });
    await expect(replay(store, { settings: SETTINGS })).rejects.toMatchObject({ code: 'VF_CHAIN_BROKEN' });
  });
});

// A store with a deadline: the contract still holds, a call that hangs ends in time, and what comes late is dropped.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { withDeadline } from '../../../../consumers/shared/store/deadline.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { objectStoreContract } from '../../../contracts/object-store.ts';
import { collect } from '../../../contracts/store-place.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore, type StoreHooks } from '../../../fakes/memory-store.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vpcflow-deadline-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

objectStoreContract({
  name: 'MemoryStore with a deadline',
  place: async () => {
    const first = new MemoryStore();
    return { client: () => withDeadline(first.client(), systemClock) };
  },
  runs: 100,
  big: 8 << 20,
});

objectStoreContract({
  name: 'DirectoryStore with a deadline',
  place: async () => {
    const path = await mkdtemp(join(base, 'place-'));
    return { client: () => withDeadline(new DirectoryStore(path), systemClock) };
  },
  runs: 10,
  big: 8 << 20,
});

const CALLS: readonly (readonly [string, (store: ObjectStore) => Promise<unknown>, string])[] = [
  ['put', (store) => store.put('k', Buffer.from('x')), 'write k'],
  ['conditional put', (store) => store.put('k', Buffer.from('x'), { ifAbsent: true }), 'write k'],
  ['get', (store) => store.get('k'), 'read k'],
  ['list', (store) => collect(store.list('a')), 'list a'],
  ['list of everything', (store) => collect(store.list('')), 'list it'],
  ['remove', (store) => store.remove('k'), 'remove k'],
];

/** A store whose calls wait before or after they take effect, until they are let go or made to fail. */
const gated = (where: keyof StoreHooks) => {
  const backing = new MemoryStore();
  backing.backing.set('a', Buffer.from('there'));
  const gate = Promise.withResolvers<void>();
  return { backing, gate, store: backing.client({ [where]: () => gate.promise }) };
};

describe.each(['beforeEach', 'afterEach'] as const)('a call that hangs (%s its effect)', (where) => {
  it.each(CALLS)('ends in time: %s', async (_name, call, doing) => {
    const clock = new ManualClock();
    const { store } = gated(where);
    const ended = expect(call(withDeadline(store, clock))).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
      message: `memory://store: cannot ${doing}: it did not answer within 120 s`,
    });
    await clock.advance(130_000);
    await ended;
    expect(clock.sleeping).toBe(0);
  });

  it.each(CALLS)('may succeed or fail later without anybody hearing of it: %s', async (_name, call) => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    try {
      for (const late of ['resolve', 'reject'] as const) {
        const clock = new ManualClock();
        const { store, gate } = gated(where);
        const settled: string[] = [];
        const done = call(withDeadline(store, clock, 1_000)).then(
          () => settled.push('result'),
          () => settled.push('error'),
        );
        await clock.advance(1_100);
        await done;
        if (late === 'resolve') gate.resolve();
        else gate.reject(new Error('too late'));
        await clock.advance(10_000); // turns pass, in which anything left over would come out
        expect(settled).toEqual(['error']);
      }
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });
});

describe('the deadline', () => {
  it('is one of each item of a listing: a long listing, or a slow reader of it, may take its time', async () => {
    const clock = new ManualClock();
    const store: ObjectStore = {
      uri: 'memory://slow',
      put: async () => ({ outcome: 'exists' }),
      get: async () => null,
      remove: async () => undefined,
      async *list() {
        for (const key of ['a', 'b', 'c']) {
          await clock.sleep(900);
          yield { key, size: 0, tag: key };
        }
        await clock.sleep(1_100);
      },
    };
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { key } of withDeadline(store, clock, 1_000).list('')) {
        seen.push(key);
        await clock.sleep(5_000);
      }
    })();
    const ended = expect(reading).rejects.toMatchObject({ code: 'VF_STORE_UNREACHABLE' });
    await clock.advance(60_000);
    await ended;
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('closes a listing that is left early', async () => {
    const clock = new ManualClock();
    let closed = false;
    const memory = new MemoryStore();
    const store = withDeadline(
      {
        uri: memory.uri,
        put: (key, body, condition) => memory.put(key, body, condition),
        get: (key) => memory.get(key),
        remove: (key) => memory.remove(key),
        async *list() {
          try {
            yield { key: 'a', size: 0, tag: '' };
            yield { key: 'b', size: 0, tag: '' };
          } finally {
            closed = true;
          }
        },
      },
      clock,
    );
    for await (const { key } of store.list('')) {
      expect(key).toBe('a');
      break;
    }
    expect(closed).toBe(true);
    expect(clock.sleeping).toBe(0);
  });

  it('gives a large put the time that its bytes take on a slow line', async () => {
    const clock = new ManualClock();
    const { store, backing } = gated('beforeEach');
    const put = withDeadline(store, clock).put('big', Buffer.alloc(64 << 20));
    let settled = false;
    const ended = put.catch((error: unknown) => {
      settled = true;
      throw error;
    });
    const expected = expect(ended).rejects.toThrow('cannot write big: it did not answer within 187.1 s');
    await clock.advance(187_000);
    expect(settled).toBe(false);
    await clock.advance(1_000);
    await expected;
    expect(backing.backing.has('big')).toBe(false);
  });

  it('hands an error of the store on as it is, and leaves no timer behind', async () => {
    const clock = new ManualClock();
    const failing = new MemoryStore(new Map(), {
      beforeEach: () => {
        throw new Error('the store’s own');
      },
    });
    for (const [, call] of CALLS) {
      await expect(call(withDeadline(failing, clock))).rejects.toThrow('the store’s own');
      expect(clock.sleeping).toBe(0);
    }
  });

  it('does not keep a process that has nothing else to do', async () => {
    const root = join(import.meta.dirname, '../../../..');
    const script = `
      import { systemClock } from '${root}/consumers/shared/clock.ts';
      import { withDeadline } from '${root}/consumers/shared/store/deadline.ts';
      import { DirectoryStore } from '${root}/consumers/shared/store/directory.ts';
      const store = withDeadline(new DirectoryStore('${base}/kept'), systemClock, 3_600_000);
      await store.put('k', Buffer.from('x'));
      await store.get('k');
      for await (const { key } of store.list('')) console.log(key);
      await store.remove('k');`;
    const node = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: 50_000 });
    expect(stdout).toBe('k\n');
  });
});

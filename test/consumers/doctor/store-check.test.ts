// The store under the doctor: one that works, ones that break a promise of exactly-once, one that hangs; nothing is left behind.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDirectory, checkStore } from '../../../consumers/doctor/store-check.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { ensureLayout } from '../../../consumers/shared/store/layout.ts';
import type { ObjectStore, PutCondition, PutResult } from '../../../schemas/store.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';

const LIMIT = 30_000; // ms

const examined = (store: ObjectStore) =>
  checkStore({
    ...{ store, clock: systemClock, signal: new AbortController().signal, limit: LIMIT },
    permission: (step) => ({ action: `test:${step}`, resource: 'everything' }),
  });

/** A store with the conditions of a kind ignored, as some S3-compatible servers do. */
class Unconditional extends MemoryStore {
  readonly #ignored: 'ifAbsent' | 'ifMatch';

  constructor(ignored: 'ifAbsent' | 'ifMatch') {
    super();
    this.#ignored = ignored;
  }

  override put(key: string, body: Uint8Array, condition?: PutCondition): Promise<PutResult> {
    return super.put(key, body, condition !== undefined && this.#ignored in condition ? undefined : condition);
  }
}

describe('a store', () => {
  test('that works says so, and what it holds', async () => {
    const store = new MemoryStore();
    const empty = await examined(store);
    expect(empty.map(({ verdict }) => verdict)).toEqual(['unchecked', 'ok']);
    await ensureLayout(store);
    const begun = await examined(store);
    expect(begun.map(({ what }) => what)).toEqual([
      'memory://store holds a store of layout 1',
      'objects can be put, read, listed and removed, and conditional writes are honoured',
    ]);
    expect([...store.backing.keys()]).toEqual(['store.json']);
  });

  test.for([
    ['ifAbsent', 'If-None-Match'],
    ['ifMatch', 'If-Match'],
  ] as const)('that ignores %s would break exactly-once', async ([ignored, header]) => {
    const store = new Unconditional(ignored);
    const wrong = (await examined(store)).filter(({ verdict }) => verdict === 'fix');
    expect(wrong.map(({ what }) => what)).toEqual([`memory://store ignores the condition ${header} of a write`]);
    expect(wrong[0]?.remedy).toMatch(/two workers may count a flow twice/);
    expect(store.backing.size).toBe(0);
  });

  test('of another layout is not to be written to', async () => {
    const store = new MemoryStore();
    await store.put('store.json', Buffer.from('{"version":99}'));
    const [finding] = await examined(store);
    expect(finding).toMatchObject({ verdict: 'fix', what: 'memory://store has layout 99, this version knows 1' });
  });

  test('that fails at a step is found out at that step, and keeps nothing', async () => {
    const backing = new Map<string, Buffer>();
    let puts = 0;
    const store = new MemoryStore(backing, {
      beforeEach: (operation) => {
        if (operation === 'put' && ++puts === 3) throw new Error('the disk is full');
      },
    });
    const wrong = (await examined(store)).filter(({ verdict }) => verdict === 'fix');
    expect(wrong.map(({ what }) => what)).toEqual(['memory://store: cannot put an object: the disk is full']);
    expect(backing.size).toBe(0);
  });

  test('that hangs is one finding after one limit, and its late object is removed as well as can be', async () => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const store = new MemoryStore(new Map(), {
      beforeEach: (operation) => {
        asked.push(operation);
        return new Promise(() => undefined);
      },
    });
    const running = checkStore({
      ...{ store, clock, signal: new AbortController().signal, limit: LIMIT },
      permission: (step) => ({ action: `test:${step}`, resource: 'everything' }),
    });
    for (const step of ['put', 'remove']) {
      await clock.untilSleeping();
      expect(asked.at(-1)).toBe(step);
      await clock.advance(LIMIT);
    }
    expect((await running).map(({ verdict, what }) => `${verdict} ${what}`)).toEqual([
      'fix memory://store: cannot put an object: no answer within 30 s',
    ]);
    expect(asked).toEqual(['put', 'remove']);
  });
});

describe('a directory', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vpcflow-doctor-store-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('is tried like any store, and shows nothing afterwards', async () => {
    const findings = await examined(new DirectoryStore(directory));
    expect(findings.map(({ verdict }) => verdict)).toEqual(['unchecked', 'ok']);
    expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  test('that is not there is not created for a look', async () => {
    const path = join(directory, 'not', 'yet');
    expect(await checkDirectory(path)).toMatchObject({ verdict: 'unchecked' });
    expect(await readdir(directory)).not.toContain('not');
    expect(await checkDirectory(directory)).toBeNull();
  });

  test('whose path is a file is something to fix', async () => {
    const path = join(directory, 'file');
    await writeFile(path, '');
    expect(await checkDirectory(path)).toMatchObject({ verdict: 'fix', what: `${path} is a file` });
  });
});

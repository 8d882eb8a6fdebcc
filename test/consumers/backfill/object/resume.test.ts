// A backfill that crashes after any step of the store, or meets another one of the same object, against one that did not.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { LoadedObject } from '../../../../consumers/backfill/object/load-object.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../../schemas/settings.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore, type StoreHooks } from '../../../fakes/memory-store.ts';
import { file, text } from '../flow-files.ts';
import { bytesOf, contents, load, total } from '../object-loading.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-resume-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a crash', () => {
  const partLines = 40;
  const path = file(join(folder, 'crash.log'), `${text(90)}nonsense\n${text(15, 90)}`);
  const steps = (hook: 'beforeEach' | 'afterEach', step: number): StoreHooks => {
    let seen = 0;
    return {
      [hook]: () => {
        if (++seen === step) throw new Error('crash');
      },
    };
  };

  test.each(['beforeEach', 'afterEach'] as const)(
    '%s step of the store is resumed to the same objects',
    async (hook) => {
      const whole = new MemoryStore();
      await load(path, whole, { partLines });
      expect(total(whole)).toEqual({ records: 1, lines: 106, flows: 105, rejects: 1, bytes: bytesOf(105) });
      let crashes = 0;
      for (let step = 1; ; step++) {
        const store = new MemoryStore();
        const first = await load(path, store.client(steps(hook, step)), { partLines }).catch((error: Error) => error);
        if (!(first instanceof Error)) break;
        expect(first.message).toBe('crash');
        crashes++;
        // The second run has other settings and another time; what was claimed is finished as it was claimed.
        const began = [...store.backing.keys()].some((key) => key.startsWith('claims/backfill/'));
        const settings: Settings = began ? { ...DEFAULT_SETTINGS, ports: 'all' } : DEFAULT_SETTINGS;
        const clock = began ? new ManualClock(Date.UTC(2026, 11, 1)) : new ManualClock();
        await load(path, store, { partLines, settings, clock });
        expect(contents(store)).toEqual(contents(whole));
      }
      // Look for a claim and at the name, settings, the hour's digests, its coverage and the coverage before, then name,
      // claim, digest and commit of three parts, and the rejects of one.
      expect(crashes).toBe(17);
    },
  );

  test('of one of two who read the same object at once leaves it to the other, and both write the same', async () => {
    const whole = new MemoryStore();
    await load(path, whole, { partLines });
    for (let turn = 1; turn < 30; turn++) {
      const store = new MemoryStore();
      let steps = 0;
      // The first waits at its `turn`th step until the second is done.
      const second: Promise<LoadedObject>[] = [];
      const paused = store.client({
        beforeEach: async () => {
          if (++steps !== turn) return;
          second.push(load(path, store, { partLines }));
          await second[0];
        },
      });
      const first = await load(path, paused, { partLines });
      expect(contents(store)).toEqual(contents(whole));
      const parts = [...first.parts, ...((await second[0])?.parts ?? [])];
      expect(parts.length).toBeGreaterThanOrEqual(3);
    }
  });
});

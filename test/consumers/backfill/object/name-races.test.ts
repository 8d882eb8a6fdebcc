// Several contents of one name at once: in every order of what is asked of the store, and whoever is killed at whatever
// step, one of them counts, and the others are told.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { loadObject } from '../../../../consumers/backfill/object/load-object.ts';
import { identify } from '../../../../consumers/backfill/object/object-file.ts';
import { DEFAULT_FEED } from '../../../../schemas/chain.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { file, text } from '../flow-files.ts';
import { commits } from '../object-loading.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-races-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAME = 's3://bucket/key';
const paths = [1, 2, 3].map((count) => file(join(folder, String(count)), text(count)));
const objects = await Promise.all(paths.map((path) => identify(path, () => {})));

const load = (writer: number, store: ObjectStore, unnamed: boolean) => {
  const [path = '', object = { identity: '', size: 0 }] = [paths[writer], objects[writer]];
  const feeds = { feed: DEFAULT_FEED, overlap: 'add' as const };
  const loading = { store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew: false, dryRun: false };
  return loadObject({ path, name: NAME, unnamed }, object, { ...loading, ...feeds, onBytes: () => {} });
};

interface Killed {
  readonly writer: number;
  readonly step: number;
  readonly when: 'beforeEach' | 'afterEach';
}

/** What each writer came to, and, as they were asked, which of how many went on at each step. */
interface Race {
  readonly store: MemoryStore;
  readonly outcomes: readonly string[];
  readonly choices: readonly { readonly taken: number; readonly of: number }[];
  readonly steps: readonly number[];
}

/** One step of one writer at a time; the order is `order` as far as it goes, then always the first that waits. */
const race = async (writers: number, order: readonly number[], killed: Killed | null): Promise<Race> => {
  const store = new MemoryStore();
  const choices: { taken: number; of: number }[] = [];
  const [waiting, outcomes] = [new Map<number, () => void>(), new Map<number, string>()];
  const steps = Array.from({ length: writers }, () => 0);
  let settle = (): void => {};
  const next = (): void => {
    if (waiting.size + outcomes.size < writers) return;
    settle();
  };
  for (let writer = 0; writer < writers; writer++) {
    const dead = { now: false };
    const die = (when: Killed['when']): void => {
      const { writer: victim, step, when: moment } = killed ?? { writer: -1, step: 0, when };
      dead.now ||= victim === writer && step === steps[writer] && moment === when;
      if (dead.now) throw new Error('killed');
    };
    const client = store.client({
      beforeEach: async (_, key) => {
        if (dead.now) throw new Error('killed');
        // Of the other objects nobody else reads anything.
        if (!key.startsWith('claims/')) return;
        await new Promise<void>((resolve) => {
          waiting.set(writer, resolve);
          next();
        });
        steps[writer] = (steps[writer] ?? 0) + 1;
        die('beforeEach');
      },
      afterEach: (_, key) => (key.startsWith('claims/') ? die('afterEach') : undefined),
    });
    load(writer, client, true).then(
      ({ outcome }) => {
        outcomes.set(writer, outcome);
        next();
      },
      (error) => {
        outcomes.set(writer, error.code ?? error.message);
        next();
      },
    );
  }
  while (outcomes.size < writers) {
    if (waiting.size + outcomes.size < writers) {
      await new Promise<void>((resolve) => {
        settle = resolve;
      });
    }
    if (waiting.size === 0) continue;
    const ready = [...waiting.keys()].sort();
    const taken = (order[choices.length] ?? 0) % ready.length;
    choices.push({ taken, of: ready.length });
    const writer = ready[taken] ?? 0;
    const go = waiting.get(writer);
    waiting.delete(writer);
    go?.();
  }
  return { store, outcomes: [...outcomes].sort().map(([, outcome]) => outcome), choices, steps };
};

/** Every order, depth first: the last step at which another could have gone on is taken by that one. */
async function* everyRace(writers: number, killed: Killed | null): AsyncGenerator<Race> {
  let order: readonly number[] | null = [];
  while (order !== null) {
    const done: Race = await race(writers, order, killed);
    yield done;
    const last = done.choices.findLastIndex(({ taken, of }) => taken + 1 < of);
    const before = done.choices.slice(0, last).map(({ taken }) => taken);
    order = last < 0 ? null : [...before, (done.choices[last]?.taken ?? 0) + 1];
  }
}

const counted = (store: MemoryStore): readonly string[] => [
  ...new Set(commits(store).map(({ source }) => source.slice('backfill-'.length, -'-000000'.length))),
];

const claimed = (store: MemoryStore): readonly string[] =>
  [...store.backing.keys()].filter((key) => key.startsWith('claims/backfill/'));

/** Nothing but the one that counts is claimed, so that nothing of the others stays open. */
const judge = async ({ store, outcomes }: Race, killed: boolean): Promise<void> => {
  const allowed = ['loaded', 'VF_NAME_REUSED', ...(killed ? ['killed'] : [])];
  for (const outcome of outcomes) expect(allowed).toContain(outcome);
  expect(outcomes.filter((outcome) => outcome === 'loaded').length).toBeLessThanOrEqual(1);
  if (!killed) expect(outcomes.filter((outcome) => outcome === 'loaded')).toHaveLength(1);
  expect(counted(store).length).toBeLessThanOrEqual(1);
  expect(claimed(store).length).toBeLessThanOrEqual(1);
  // Later, each comes again, whatever became of it before.
  const later: string[] = [];
  for (let writer = 0; writer < outcomes.length; writer++) {
    later.push(
      await load(writer, store, false).then(
        ({ outcome }) => outcome,
        (error) => error.code,
      ),
    );
  }
  const refused = later.filter((outcome) => outcome === 'VF_NAME_REUSED');
  expect(refused).toHaveLength(outcomes.length - 1);
  expect(counted(store)).toHaveLength(1);
  expect(claimed(store)).toHaveLength(1);
};

test('of two contents one counts, in every order', async () => {
  let races = 0;
  for await (const one of everyRace(2, null)) {
    races++;
    await judge(one, false);
  }
  expect(races).toBeGreaterThan(20);
});

test('of two contents one counts, in every order, whoever is killed at whatever step', async () => {
  const { steps } = await race(2, [], null);
  const most = Math.max(...steps);
  for (const writer of [0, 1]) {
    for (let step = 1; step <= most; step++) {
      for (const when of ['beforeEach', 'afterEach'] as const) {
        for await (const one of everyRace(2, { writer, step, when })) await judge(one, true);
      }
    }
  }
});

test('of three contents one counts, in any order, one of them killed or none', async () => {
  const order = fc.array(fc.nat({ max: 2 }), { minLength: 12, maxLength: 12 });
  const when = fc.constantFrom('beforeEach', 'afterEach');
  const killed = fc.option(fc.record({ writer: fc.nat({ max: 2 }), step: fc.integer({ min: 1, max: 4 }), when }));
  const property = fc.asyncProperty(order, killed, async (choices, victim) => {
    await judge(await race(3, choices, victim), victim !== null);
  });
  await fc.assert(property, { numRuns: 300 });
});

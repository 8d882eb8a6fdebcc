// What turns know of the past: what others wrote is read, what this process wrote is not, and the old is forgotten.
import { afterEach, expect, test } from 'vitest';
import { MirrorPast } from '../../../../consumers/mirror/turn/past.ts';
import { REGION } from '../../../fakes/ec2-http/world.ts';
import type { MemoryStore } from '../../../fakes/memory-store.ts';
import { stateEvent } from '../bridge-events.ts';
import { rulesOf, WorkBed } from './work-bed.ts';

let bed: WorkBed;
afterEach(() => bed.close());

const signal = new AbortController().signal;
const DAY = 24 * 60; // minutes

/** A session that was made by another process, and lives until somebody ends it. */
const launched = async (): Promise<void> => {
  bed = await WorkBed.open(rulesOf({ enable: { existing: false, launches: true, findings: true } }));
  await bed.deliver(bed.worker(), bed.records([stateEvent('i-0', 'running', bed.clock.now())]));
};

const pastOf = (store: MemoryStore, longest = 0): MirrorPast =>
  new MirrorPast({ store, mode: 'apply', account: bed.fake.account, longest, clock: bed.clock });
const sessions = (past: MirrorPast): readonly string[] =>
  past
    .of(REGION)
    .sessions()
    .map((one) => one.interface_id);

test('the first look reads the last days, the next ones only what is new', async () => {
  await launched();
  const read: string[] = [];
  const store = bed.store.client({
    beforeEach: (operation, key) => {
      if (operation === 'get') read.push(key);
    },
  });
  const past = pastOf(store);
  expect(sessions(past)).toEqual([]);
  await past.refresh(signal);
  expect(sessions(past)).toEqual(['eni-0']);
  expect(read).toHaveLength(2);
  await past.refresh(signal);
  expect(read).toHaveLength(2);
  await bed.deliver(bed.worker(), bed.records([stateEvent('i-1', 'running', bed.clock.now())]));
  await past.refresh(signal);
  expect(sessions(past)).toEqual(['eni-0', 'eni-1']);
  expect(read).toHaveLength(4);
});

test('eight days are remembered, or a day more than the longest life of a session; once a day the rest is forgotten', async () => {
  await launched();
  let read = 0;
  const store = bed.store.client({
    beforeEach: (operation) => {
      if (operation === 'get') read += 1;
    },
  });
  const past = pastOf(store);
  const longer = pastOf(bed.store, 9 * 24 * 3_600_000);
  for (const one of [past, longer]) await one.refresh(signal);
  await bed.pass(7 * DAY);
  await past.refresh(signal);
  expect(sessions(past)).toEqual(['eni-0']);
  await bed.pass(2 * DAY);
  for (const one of [past, longer]) await one.refresh(signal);
  expect(sessions(past)).toEqual([]);
  expect(sessions(longer)).toEqual(['eni-0']);
  expect(read).toBe(2); // once, and not anew each day
});

test('a store that fails is an error, after which nothing is lost; an object that is damaged is named', async () => {
  await launched();
  let fails = true;
  const store = bed.store.client({
    beforeEach: (operation) => {
      if (fails && operation === 'get') throw new Error('away');
    },
  });
  const past = pastOf(store);
  await expect(past.refresh(signal)).rejects.toThrow('away');
  fails = false;
  await past.refresh(signal);
  expect(sessions(past)).toEqual(['eni-0']);
  const [key] = [...bed.store.backing.keys()];
  bed.store.backing.set(key.replace('-before', '-x-before'), Buffer.from('damaged'));
  expect(await past.refresh(signal)).toEqual([expect.stringContaining('cannot be read')]);
  expect(await past.refresh(signal)).toEqual([]);
});

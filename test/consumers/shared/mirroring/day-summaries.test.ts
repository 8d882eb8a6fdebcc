// Days that are over are read by one object each: the same answers as without, also where something is damaged.
import { beforeEach, expect, test } from 'vitest';
import { listAudit } from '../../../../consumers/shared/mirroring/audit-files.ts';
import { summarizeDays, summaryKey } from '../../../../consumers/shared/mirroring/day-summaries.ts';
import { MirroringMemory } from '../../../../consumers/shared/mirroring/mirroring-memory.ts';
import { DAY_MS, HOUR_MS } from '../../../../pipeline/window/window.ts';
import { auditRows } from '../../../audit-rows.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { T0 } from '../../../pipeline/mirror-audit/plans.ts';
import { ENDED, LAUNCHED, MADE, putTurn } from './audited-mirroring.ts';

const { signal } = new AbortController();
const DAYS = ['2026-11-18', '2026-11-20'];
/** Both days have been over for long. */
const LATER = T0 + 2 * DAY_MS;

let store: MemoryStore;
beforeEach(async () => {
  store = new MemoryStore();
  for (const turn of [LAUNCHED, MADE, ENDED]) await putTurn(store, turn);
});

const objects = (prefix: string): readonly string[] =>
  [...store.backing.keys()].filter((key) => key.startsWith(prefix)).sort();

/** The history, and which objects it was read from. */
const ask = async () => {
  const read: string[] = [];
  const client = store.client({ beforeEach: (operation, key) => void (operation === 'get' && read.push(key)) });
  return { history: await new MirroringMemory(client).history(LATER), read };
};

test('each day is read from its summary, and later days from the objects of their plans', async () => {
  const before = await ask();
  expect(before.read.sort()).toEqual(objects('mirroring/date='));
  expect(await summarizeDays(store, LATER, signal)).toEqual(DAYS);
  const after = await ask();
  expect(after.history).toEqual(before.history);
  expect(after.history).toMatchObject({ warnings: [], asOf: LATER, watermark: T0 + 30 * 60_000 + 100 });
  expect(after.read).toEqual(DAYS.map(summaryKey));
  await putTurn(store, { ...LAUNCHED, minute: 2 * 1440, more: { id: 'plan-late' } });
  expect((await ask()).read).toHaveLength(4);
});

test('who has read goes on with what is written later', async () => {
  await summarizeDays(store, LATER, signal);
  const memory = new MirroringMemory(store);
  expect((await memory.history(LATER)).sessions).toHaveLength(2);
  const late = {
    minute: 2 * 1440,
    more: { id: 'plan-late' },
    answers: [{ ok: true, value: { id: 'tms-9' } }] as const,
  };
  await putTurn(store, { ...LAUNCHED, ...late });
  expect((await memory.history(LATER)).sessions.map(({ session_id }) => session_id)).toEqual([
    'tms-8',
    'tms-1',
    'tms-9',
  ]);
});

test('a summary is written once, by whoever comes first, and only when nobody can write to its day any more', async () => {
  const midnight = Date.UTC(2026, 10, 21);
  expect(await summarizeDays(store, midnight + 6 * HOUR_MS - 1, signal)).toEqual(DAYS.slice(0, 1));
  const both = await Promise.all([1, 2].map(() => summarizeDays(store, midnight + 6 * HOUR_MS, signal)));
  expect(both.flat()).toEqual(DAYS.slice(1));
  const bytes = store.backing.get(summaryKey('2026-11-20'));
  expect(await summarizeDays(store, LATER, signal)).toEqual([]);
  store.backing.delete(summaryKey('2026-11-20'));
  expect(await summarizeDays(store, LATER, signal)).toEqual(DAYS.slice(1));
  expect(store.backing.get(summaryKey('2026-11-20'))).toEqual(bytes);
});

test('a day with an object that cannot be read has no summary: whoever asks is told', async () => {
  const key = 'mirroring/date=2026-11-20/hour=06/plan-000030-after.parquet';
  store.backing.set(key, Buffer.from('no Parquet'));
  expect(await summarizeDays(store, LATER, signal)).toEqual(DAYS.slice(0, 1));
  const { history } = await ask();
  expect(history.warnings).toEqual([expect.stringContaining(`${key} cannot be read`)]);
  expect(history.sessions.map(({ ended }) => ended)).toEqual([null, null]);
});

test('a summary that cannot be read, or is of nobody, is as none', async () => {
  const { history } = await ask();
  await summarizeDays(store, LATER, signal);
  store.backing.set(summaryKey('2026-11-20'), Buffer.from('no Parquet'));
  store.backing.set('summaries/mirroring/v1/2026-11-21.txt', Buffer.from('x'));
  const after = await ask();
  expect(after.history).toEqual(history);
  expect(after.read).toHaveLength(2 + objects('mirroring/date=2026-11-20').length);
});

test('a store that is away is told, and the next question reads it', async () => {
  let away = true;
  const client = store.client({
    beforeEach: (operation, key) => {
      if (away && operation === 'get' && key.startsWith('summaries/')) throw new Error('away');
    },
  });
  await summarizeDays(store, LATER, signal);
  const memory = new MirroringMemory(client);
  await expect(memory.history(LATER)).rejects.toThrow('away');
  away = false;
  expect((await memory.history(LATER)).sessions).toHaveLength(2);
});

test('a listing does not go through the keys of the days that it leaves out', async () => {
  const many = new Map<string, Buffer>();
  const from = Date.UTC(2026, 9, 1);
  for (let i = 0; i < 20 * 1440; i++) {
    const [day, rest] = new Date(from + i * 60_000).toISOString().split('T') as [string, string];
    many.set(`mirroring/date=${day}/hour=${rest.slice(0, 2)}/${rest}.parquet`, Buffer.alloc(0));
  }
  const days = [...new Set([...many.keys()].map((key) => key.slice(15, 25)))];
  const covered = new Set(days.filter((_, i) => i !== 10));
  let lists = 0;
  const counted = new MemoryStore(many).client({ beforeEach: (operation) => void (operation === 'list' && lists++) });
  const keys: string[] = [];
  for await (const { key } of listAudit(counted, { from: 0, covered })) keys.push(key);
  expect(keys).toEqual([...many.keys()].filter((key) => key.includes(days[10])));
  expect(lists).toBe(3);
});

test('the rows of a summary lie beside those of the plans, and are not among them', async () => {
  const rows = await auditRows(store);
  await summarizeDays(store, LATER, signal);
  expect(await auditRows(store)).toEqual(rows);
});

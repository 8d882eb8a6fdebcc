// The plan of a window covers each of its minutes once and no partition outside it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hourPartition } from '../../../pipeline/keys.ts';
import {
  type FileFacts,
  isTableFile,
  type KnownObject,
  mayHaveRows,
  mayHaveSkipdata,
  planFiles,
  sampled,
  warningsOf,
  windowPrefixes,
} from '../../../pipeline/window/query-plan.ts';
import { MINUTE_MS } from '../../../pipeline/window/window.ts';
import { MAX_NAMED } from '../../../schemas/query.ts';

const at = (text: string): number => Date.parse(`2026-11-${text}Z`);

test('names the hours at both ends and whole days between them', () => {
  expect(windowPrefixes('digests', { start: at('20T22:59:00'), stop: at('23T01:01:00') })).toEqual([
    'digests/date=2026-11-20/hour=22/',
    'digests/date=2026-11-20/hour=23/',
    'digests/date=2026-11-21/',
    'digests/date=2026-11-22/',
    'digests/date=2026-11-23/hour=00/',
    'digests/date=2026-11-23/hour=01/',
  ]);
});

test('an exclusive stop on the hour leaves that hour out', () => {
  expect(windowPrefixes('coverage', { start: at('20T05:00:00'), stop: at('20T06:00:00') })).toEqual([
    'coverage/date=2026-11-20/hour=05/',
  ]);
  expect(windowPrefixes('digests', { start: at('20T00:00:00'), stop: at('21T00:00:00') })).toEqual([
    'digests/date=2026-11-20/',
  ]);
});

test('each hour of any window is under exactly one prefix, and its neighbours under none', () => {
  const base = at('20T00:00:00');
  const minute = fc.integer({ min: 0, max: 6 * 24 * 60 });
  fc.assert(
    fc.property(minute, minute, (a, b) => {
      fc.pre(a !== b);
      const window = { start: base + Math.min(a, b) * MINUTE_MS, stop: base + Math.max(a, b) * MINUTE_MS };
      const prefixes = windowPrefixes('digests', window);
      const HOUR = 60 * MINUTE_MS;
      for (let hour = base - HOUR; hour <= base + 7 * 24 * HOUR; hour += HOUR) {
        const touched = hour + HOUR > window.start && hour < window.stop;
        const key = `digests/${hourPartition(hour)}/x.parquet`;
        expect(prefixes.filter((prefix) => key.startsWith(prefix)).length).toBe(touched ? 1 : 0);
      }
    }),
  );
});

test('only Parquet files are table files, empty ones too: they are damaged', () => {
  const object = (key: string, size: number) => ({ key, size, tag: '' });
  expect(isTableFile(object('digests/a.parquet', 4))).toBe(true);
  expect(isTableFile(object('digests/a.parquet', 0))).toBe(true);
  expect(isTableFile(object('digests/a.csv', 4))).toBe(false);
});

const START = at('20T05:00:00');
const WINDOW = { start: START, stop: START + 15 * MINUTE_MS };

const facts = (given: Partial<FileFacts> = {}): FileFacts => ({
  ...{ rows: 10, first: START, last: START, latestEnd: START / 1000 + 60, greatestStatus: null },
  ...{ columns: ['minute', 'flows'] },
  ...given,
});

const known = (key: string, fact: KnownObject['known']): KnownObject => ({
  object: { key, size: 100, tag: 't' },
  known: fact,
});

describe('a plan', () => {
  test('reads the files that can have rows of the window, in order, and no others', () => {
    const before = { first: START - 60 * MINUTE_MS, last: START - MINUTE_MS };
    const files = [
      known('inside', facts()),
      known('before', facts(before)),
      known('after', facts({ first: WINDOW.stop, last: WINDOW.stop })),
      known('around', facts({ first: before.first, last: WINDOW.stop, rows: 7 })),
      known('silent', facts({ first: null, last: null, latestEnd: null })),
      known('empty', facts({ rows: 0, first: null, last: null })),
      known('damaged', { unreadable: 'it is too short' }),
    ];
    expect(planFiles(files, { window: WINDOW, overlapping: false })).toMatchObject({
      read: [{ key: 'inside' }, { key: 'around' }, { key: 'silent' }],
      leftOut: [{ key: 'damaged', reason: 'it is too short' }],
      rows: 27,
    });
  });

  test('leaves out what was found damaged only where it may have rows', () => {
    const before = { first: START - 60 * MINUTE_MS, last: START - MINUTE_MS };
    const files = [known('a', facts({ ...before, damage: 'bad' })), known('b', facts({ damage: 'bad' }))];
    expect(planFiles(files, { window: WINDOW, overlapping: false })).toMatchObject({
      ...{ read: [], leftOut: [{ key: 'b', reason: 'bad' }], rows: 0 },
    });
  });

  test('knows which columns there are, and whether all files have them in one order', () => {
    const [a, b] = [
      ['minute', 'flows'],
      ['minute', 'vpc_id', 'flows'],
    ];
    const selection = { window: WINDOW, overlapping: false };
    const one = planFiles([known('1', facts({ columns: a })), known('2', facts({ columns: a }))], selection);
    expect([one.uniform, [...one.columns]]).toEqual([true, a]);
    const two = planFiles([known('1', facts({ columns: a })), known('2', facts({ columns: b }))], selection);
    expect([two.uniform, [...two.columns].sort()]).toEqual([false, ['flows', 'minute', 'vpc_id']]);
    expect(planFiles([], selection)).toMatchObject({ read: [], rows: 0, uniform: true });
  });

  test('of overlapping rows reads what ends in the window and began up to 10 minutes before it', () => {
    const selection = { window: WINDOW, overlapping: true };
    const earlier = (minutes: number, latestEnd: number | null) =>
      facts({ first: START - 50 * MINUTE_MS, last: START - minutes * MINUTE_MS, latestEnd });
    const second = START / 1000;
    expect(mayHaveRows(earlier(10, second), selection)).toBe(true);
    expect(mayHaveRows(earlier(10, null), selection)).toBe(true);
    expect(mayHaveRows(earlier(11, second), selection)).toBe(false);
    expect(mayHaveRows(earlier(10, second - 1), selection)).toBe(false);
    expect(mayHaveRows(earlier(10, second), { ...selection, overlapping: false })).toBe(false);
  });

  test('never rules out a file with a row of the window', () => {
    const minute = fc.integer({ min: -20, max: 20 });
    const row = fc.record({ minute, seconds: fc.integer({ min: 0, max: 659 }) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), fc.boolean(), minute, (rows, overlapping, from) => {
        const window = { start: START + from * MINUTE_MS, stop: START + (from + 3) * MINUTE_MS };
        const minutes = rows.map((one) => START + one.minute * MINUTE_MS);
        const ends = rows.map((one) => START / 1000 + one.minute * 60 + one.seconds);
        const latestEnd = Math.max(...ends);
        const fact = facts({ first: Math.min(...minutes), last: Math.max(...minutes), latestEnd });
        const belongs = minutes.some(
          (ms, i) => ms < window.stop && (ms >= window.start || (overlapping && ends[i] * 1000 >= window.start)),
        );
        if (belongs) expect(mayHaveRows(fact, { window, overlapping })).toBe(true);
      }),
    );
  });
});

test('coverage is read for skipped minutes only where it may tell of some', () => {
  const status = (greatestStatus: string | null) => mayHaveSkipdata(facts({ greatestStatus }));
  expect(['NODATA', 'SKIPDATA', null].map(status)).toEqual([false, true, true]);
});

test('of many files or rows some are looked at, spread over all', () => {
  const files = Array.from({ length: 1440 }, (_, i) => i);
  expect(sampled(files.slice(0, 64), 1000).length).toBe(64);
  const some = sampled(files, 1440 * 2000);
  expect([some.length, some[0], some[32], new Set(some).size]).toEqual([64, 0, 720, 64]);
  expect(sampled(files.slice(0, 24), 10_000_000)).toEqual([0, 6, 12, 18]);
  expect(sampled([1, 2], 1e12)).toEqual([1]);
  expect(sampled([], 0)).toEqual([]);
});

test('warnings are by key, and name so many objects at most', () => {
  expect(warningsOf([])).toEqual([]);
  const left = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ key: `k${String(99 - i).padStart(2, '0')}`, reason: 'it is empty' }));
  expect(warningsOf(left(2))).toEqual(['k98 is left out: it is empty', 'k99 is left out: it is empty']);
  expect(warningsOf(left(MAX_NAMED)).length).toBe(MAX_NAMED);
  const many = warningsOf(left(MAX_NAMED + 5));
  expect([many.length, many.at(-1)]).toEqual([MAX_NAMED, '6 more objects are left out']);
});

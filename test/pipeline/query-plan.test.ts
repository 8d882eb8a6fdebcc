// The plan of a window covers each of its minutes once and no partition outside it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hourPartition } from '../../pipeline/keys.ts';
import { isTableFile, windowPrefixes } from '../../pipeline/query-plan.ts';
import { MINUTE_MS } from '../../pipeline/window.ts';

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

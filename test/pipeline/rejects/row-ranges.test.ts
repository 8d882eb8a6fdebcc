// Ranges of rows: the same as sets of rows, whatever is asked.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  areRanges,
  RowCursor,
  RowGatherer,
  rowCount,
  sharedRow,
  unionOf,
} from '../../../pipeline/rejects/row-ranges.ts';
import type { RowRanges } from '../../../schemas/chain.ts';

const rows = fc.uniqueArray(fc.nat(40)).map((all) => all.sort((a, b) => a - b));

const gathered = (all: readonly number[]): RowRanges => {
  const gatherer = new RowGatherer();
  for (const row of all) gatherer.add(row);
  expect(gatherer.count).toBe(all.length);
  return gatherer.ranges;
};

const rowsOf = (ranges: RowRanges): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

test('gathered rows are ranges as a claim holds them, and come back', () => {
  fc.assert(
    fc.property(rows, (all) => {
      const ranges = gathered(all);
      expect(rowsOf(ranges)).toEqual(all);
      expect(rowCount(ranges)).toBe(all.length);
      expect(areRanges(ranges)).toBe(all.length > 0);
      const cursor = new RowCursor(ranges);
      for (let row = 0; row <= 41; row++) expect(cursor.has(row)).toBe(all.includes(row));
      expect(cursor.last).toBe(all.at(-1) ?? -1);
    }),
  );
});

test('a row begins a range unless it follows the last', () => {
  const gatherer = new RowGatherer();
  expect(gatherer.begins(0)).toBe(true);
  gatherer.add(0);
  expect([gatherer.begins(1), gatherer.begins(2)]).toEqual([false, true]);
});

test('a union has the rows of all, and a shared row is the first that two have', () => {
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const [one, other] = [gathered(a), gathered(b)];
      const union = unionOf([one, other]);
      expect(rowsOf(union)).toEqual([...new Set([...a, ...b])].sort((x, y) => x - y));
      expect(union.length === 0 || areRanges(union)).toBe(true);
      expect(sharedRow(one, other)).toBe(a.find((row) => b.includes(row)) ?? null);
    }),
  );
});

test('what is not ascending, or touches, is no claim of rows', () => {
  for (const ranges of [
    [],
    [[2, 1]],
    [
      [0, 1],
      [2, 3],
    ],
    [
      [0, 1],
      [1, 3],
    ],
    [
      [5, 6],
      [0, 1],
    ],
  ] as RowRanges[]) {
    expect(areRanges(ranges)).toBe(false);
  }
});

// Dates in keys: what is below a date covers its span, without a gap and twice nothing; written they read back.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CalendarDate, datePrefix, datesBelow, readDate, spanOf } from '../../../pipeline/s3-layout/calendar.ts';

const dates: fc.Arbitrary<CalendarDate> = fc
  .tuple(
    fc.integer({ min: 2000, max: 2099 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 31 }),
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 1, max: 4 }),
  )
  .map(([year, month, day, hour, parts]) => [year, month, day, hour].slice(0, parts))
  .filter((date) => spanOf(date) !== null);

describe('a date', () => {
  test('is covered by those below it', () => {
    fc.assert(
      fc.property(
        dates.filter((date) => date.length < 4),
        (date) => {
          const spans = datesBelow(date).map((one) => spanOf(one));
          let end = spanOf(date)?.from;
          for (const span of spans) {
            expect(span?.from).toBe(end);
            end = span?.to;
          }
          expect(end).toBe(spanOf(date)?.to);
        },
      ),
    );
  });

  test('reads back as it is written, with names and without', () => {
    fc.assert(
      fc.property(dates, fc.boolean(), (date, named) => {
        const directories = datePrefix(date, named).split('/').slice(0, -1);
        expect(readDate(directories)).toEqual(date);
        expect(readDate([...directories, 'x'])).toEqual(date);
      }),
    );
  });

  test.each([['2023/02/29'], ['2026/04/31'], ['2026/11/00']])('%s is the month only', (path) => {
    expect(readDate(path.split('/'))).toHaveLength(2);
  });

  test.each([['1999'], ['26'], ['month=2026'], ['2026x']])('%s is none', (path) => {
    expect(readDate(path.split('/'))).toEqual([]);
  });
});

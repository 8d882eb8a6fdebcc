// What a person reads of a backfill: the line beside the bar, the summary, the dry run; all as text of plain values.
import { describe, expect, test } from 'vitest';
import { ListingFacts } from '../../../../consumers/backfill/listing/listing-facts.ts';
import { DryRun, dayRows, expectedRequests } from '../../../../consumers/backfill/report/dry-run.ts';
import { progressText } from '../../../../consumers/backfill/report/progress.ts';
import { listingRemarks, summarize } from '../../../../consumers/backfill/report/summary.ts';
import { addCounts, NO_COUNTS } from '../../../../consumers/backfill/report/totals.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';

describe('the text beside the bar', () => {
  test('has a lower bound and no end while the listing goes on', () => {
    const work = { expected: 200e6, done: 100e6, objects: 40, listed: false, seconds: 10 };
    expect(progressText(work)).toBe('50% of ≥ 100 MB | 5.00 MB/s, 4.0 objects/s');
    expect(progressText({ ...work, listed: true })).toBe('50% of 100 MB | 5.00 MB/s, 4.0 objects/s | 0:10 left');
  });

  test('is one before there is anything', () => {
    expect(progressText({ expected: 0, done: 0, objects: 0, listed: false, seconds: 0 })).toBe(
      '0% of ≥ 0 B | 0 B/s, 0.0 objects/s',
    );
  });

  test('has hours where it takes any', () => {
    const work = { expected: 2e12, done: 2e9, objects: 1, listed: true, seconds: 10 };
    expect(progressText(work)).toMatch(/ \| 2:46:30 left$/);
  });
});

describe('counts', () => {
  test('add up, reasons and what is absent included', () => {
    const one = { ...NO_COUNTS, lines: 5, flows: 2, skipped: 2, bytes: 7n };
    const two = { ...NO_COUNTS, lines: 3, rejects: { total: 3, lines: 3, envelopes: 0, by_reason: { bad_time: 3 } } };
    const sum = addCounts(addCounts(one, two), two);
    expect(sum).toMatchObject({ lines: 11, flows: 2, skipped: 2, bytes: 7n, rejects: { total: 6, lines: 6 } });
    expect(sum.rejects.by_reason).toEqual({ bad_time: 6 });
    expect('skipped' in addCounts(two, two)).toBe(false);
  });
});

test('a summary says what was skipped for another feed, and objects where not all are files', () => {
  const counts = { ...NO_COUNTS, lines: 3000, flows: 1000, skipped: 2000 };
  const outcome = { loaded: 1, known: 0, failed: 0, bytes: 1e6, seconds: 2, counts, files: false };
  expect(summarize(outcome, false).split('\n')).toEqual([
    '1 object: 1 loaded, 0 already there',
    '3,000 lines: 1,000 flows, 0 NODATA, 0 SKIPDATA, 0 rejects, 2,000 skipped, of which another feed has evidence',
    '1.00 MB in 2.0 s: 500 kB/s, 1,500 lines/s',
  ]);
});

test('a summary has what is no line apart, and what lines are left out for good', () => {
  const by_reason = { token_count: 2, envelope_truncated: 1 };
  const rejects = { total: 3, lines: 2, envelopes: 1, by_reason };
  const counts = { ...NO_COUNTS, lines: 3, flows: 1, duplicates: 2, rejects };
  const outcome = { loaded: 1, known: 2, leftOut: 1, failed: 0, bytes: 10, seconds: 3, counts, files: true };
  expect(summarize(outcome, false).split('\n')).toEqual([
    '3 files: 1 loaded, 2 already there (1 of them without the lines that another feed had)',
    '3 lines: 1 flow, 0 NODATA, 0 SKIPDATA, 2 rejects (token_count 2); beside them 1 envelope rejected (envelope_truncated 1), 2 duplicate envelopes',
    '10 B in 3.0 s: 3 B/s, 1 line/s',
  ]);
});

test('what the listing left out is told, and nothing where it left out nothing', () => {
  const facts = new ListingFacts();
  expect(listingRemarks(facts)).toEqual([]);
  Object.assign(facts, { prunedPrefixes: 2, prunedObjects: 1, unknown: 3 });
  expect(listingRemarks(facts)).toEqual([
    'outside of what was asked for: 2 prefixes not listed, 1 object left out',
    'taken although their names do not tell time, account or region: 3 objects',
  ]);
});

describe('a dry run', () => {
  test('prices the requests of a run', () => {
    const listing = { lists: 100, heads: 0 };
    expect(expectedRequests({ objects: 1000, known: 0, storeInS3: false, ...listing })).toEqual({
      ...{ get: 1000, put: 0, list: 100 },
      dollars: expect.closeTo(0.0004 + 0.0005),
    });
    expect(expectedRequests({ objects: 1000, known: 400, storeInS3: true, ...listing })).toEqual({
      ...{ get: 600 + 2 * 600 + 3 * 400, put: 2400, list: 100 },
      dollars: expect.closeTo(3.0 * 0.0004 + 2.5 * 0.005),
    });
  });

  test('has words for what names do not tell, and less than a cent', () => {
    const facts = new ListingFacts();
    facts.take(10, null, null, null);
    facts.take(20, '123456789012', null, Date.UTC(2026, 10, 20));
    facts.requests = 1;
    const lines = new DryRun(new MemoryStore(), facts).text().split('\n');
    expect(lines[0]).toMatch(/^of no known account and region +of no known time +1 object +10 B$/);
    expect(lines[1]).toMatch(/^123456789012, of no known region +2026-11-20 +1 object +20 B$/);
    expect(lines[3]).toContain('1 LIST requests: less than 0.01 USD at list prices');
  });

  const days = new Map([
    ['123456789012 eu-west-1 2026-11-02', { objects: 1, bytes: 10 }],
    ['123456789012 eu-west-1 2026-11-01', { objects: 2, bytes: 20 }],
    ['123456789012 eu-west-1 2026-10-31', { objects: 4, bytes: 40 }],
    ['- - -', { objects: 8, bytes: 80 }],
  ]);

  test.each([
    [
      4,
      [
        '- - -',
        '123456789012 eu-west-1 2026-10-31',
        '123456789012 eu-west-1 2026-11-01',
        '123456789012 eu-west-1 2026-11-02',
      ],
    ],
    [3, ['- - -', '123456789012 eu-west-1 2026-10', '123456789012 eu-west-1 2026-11']],
    [2, ['- - -', '123456789012 eu-west-1 2026']],
    [1, ['2 more ']],
  ])('tells of days, or of more at once, in at most %i rows', (most, expected) => {
    const rows = dayRows(days, most);
    expect(rows.map(({ place, day }) => `${place} ${day}`)).toEqual(expected);
    expect(rows.reduce((sum, { objects }) => sum + objects, 0)).toBe(15);
  });
});

// What keys tell, and whether a selection asks for them: built from parts they parse back; what may hold a wanted record is taken.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeKey, type KeyVerdict, keyReader } from '../../../pipeline/s3-layout/key.ts';
import { EVERYTHING, type Selection } from '../../../pipeline/s3-layout/selection.ts';
import { ACCOUNTS, awsKeys, fileName, firehoseKeys, REGIONS, times } from './flow-log-keys.ts';

const MINUTE = 60_000;
const factsOf = keyReader();
const at = (text: string): number => Date.parse(text);
const judged = (key: string, selection: Partial<Selection>, given = ''): KeyVerdict =>
  judgeKey(factsOf(key), { ...EVERYTHING, ...selection }, given);

describe('a key tells', () => {
  test('whose logs and of what time, as they were built in', () => {
    fc.assert(
      fc.property(awsKeys, ({ key, account, region, time }) => {
        expect(factsOf(key)).toMatchObject({ account, region, time: { from: time, to: time + 5 * MINUTE } });
      }),
    );
  });

  test('with its directories what its name does not tell', () => {
    fc.assert(
      fc.property(awsKeys, ({ key, account, region, time }) => {
        const facts = factsOf(key.replace(/[^/]+$/, 'part-0.parquet'));
        expect(facts).toMatchObject({ account, region });
        expect(facts.time?.from).toBeLessThanOrEqual(time);
        expect(facts.time?.to).toBeGreaterThanOrEqual(time + 5 * MINUTE);
      }),
    );
  });

  test('of Firehose the hour, and 15 minutes that its buffer may hold more', () => {
    fc.assert(
      fc.property(firehoseKeys, ({ key, time }) => {
        expect(factsOf(key)).toMatchObject({
          account: null,
          region: null,
          time: { from: time, to: time + 75 * MINUTE },
        });
      }),
    );
  });

  test.each([
    'flows.log.gz',
    '2026/report.gz', // a year alone may be anything
    'logs/2026/13/20/x.gz',
    'AWSLogs/notes.txt',
    '2026-11-20/x.gz',
    'dt=20261120/x.gz',
    'AWSLogs/123456789012/vpcflowlogs/readme',
  ])('%s: no time', (key) => {
    expect(factsOf(key).time).toBeNull();
  });

  test.each([
    ['of a day that does not exist its month', '2026/02/30/x.gz', '2026-02-01', '2026-03-01'],
    ['of an hour that does not exist its day', '2026/02/20/24/x.gz', '2026-02-20', '2026-02-21'],
    ['below the first that has a month', '2019/copies/2026/11/x.gz', '2026-11-01', '2026-12-01'],
    ['with names of the parts', 'a/year=2026/month=12/day=31/x', '2026-12-31', '2027-01-01'],
  ])('%s', (_name, key, from, to) => {
    expect(factsOf(key).time).toEqual({ from: at(from), to: at(to) + 15 * MINUTE });
  });
});

describe('a selection', () => {
  test('takes every file that may hold a record of the window, and none that is far from it', () => {
    fc.assert(
      fc.property(
        awsKeys,
        times(MINUTE),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 0, max: 5 * MINUTE - 1 }),
        fc.integer({ min: 0, max: 10 * MINUTE }),
        ({ key, time }, start, minutes, into, length) => {
          const window = { start, stop: start + minutes * MINUTE };
          // A record that ends within the file's five minutes, of a flow of up to ten.
          const begin = time + into - length;
          if (begin >= window.start && begin < window.stop) expect(judged(key, { window })).toBe('take');
          if (time > window.stop + 20 * MINUTE || time + 5 * MINUTE < window.start) {
            expect(judged(key, { window })).toBe('pruned');
          }
        },
      ),
    );
  });

  test.each([
    ['2026-11-20T09:55:00Z', 'take'],
    ['2026-11-20T09:50:00Z', 'pruned'],
    ['2026-11-20T10:35:00Z', 'take'],
    ['2026-11-20T10:40:00Z', 'pruned'],
  ])('of 10:00 to 10:15 and a file of %s: %s', (time, verdict) => {
    const window = { start: at('2026-11-20T10:00:00Z'), stop: at('2026-11-20T10:15:00Z') };
    expect(judged(fileName('111111111111', 'us-east-1', at(time)), { window })).toBe(verdict);
  });

  test('of accounts and regions takes those; what tells neither is taken as unknown', () => {
    fc.assert(
      fc.property(
        awsKeys,
        fc.subarray(ACCOUNTS),
        fc.subarray(REGIONS),
        ({ key, account, region }, accounts, regions) => {
          const wanted =
            (accounts.length === 0 || accounts.includes(account ?? '')) &&
            (regions.length === 0 || regions.includes(region ?? ''));
          expect(judged(key, { accounts, regions })).toBe(wanted ? 'take' : 'pruned');
        },
      ),
    );
    const accounts = ['111111111111'];
    expect(judged('firehose/2026/11/20/13/x', { accounts })).toBe('unknown');
    const window = { start: at('2026-11-20'), stop: at('2026-11-21') };
    expect(judged('firehose/2026/11/20/13/x', { accounts, window })).toBe('unknown');
    expect(judged('firehose/2026/11/22/13/x', { accounts, window })).toBe('pruned');
    expect(judged('flows.log', { window })).toBe('unknown');
    expect(judged('flows.log', {})).toBe('take');
  });

  test.each([
    ['AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/20/x.json.gz', '', 'sibling'],
    ['AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/11/20/x.log.gz', 'AWSLogs/', 'sibling'],
    ['a/AWSLogs/o-abcdefghij/123456789012/Config/ConfigWritabilityCheckFile', 'a/', 'sibling'],
    ['AWSLogs/aws-account-id=123456789012/aws-service=other/x', '', 'sibling'],
    ['AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/20/x.json.gz', 'AWSLogs/123456789012/CloudTrail/', 'take'],
    ['AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/20/x.log.gz', '', 'take'],
    ['AWSLogs/123456789012/file.log.gz', '', 'take'],
    ['AWSLogs/copies/file.log.gz', '', 'take'],
  ])('%s of an operand that names %j: %s', (key, given, verdict) => {
    expect(judged(key, {}, given)).toBe(verdict);
  });
});

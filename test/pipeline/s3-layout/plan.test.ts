// How a bucket is walked: what is left out before it is listed is only what no key below may be asked for.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeKey, keyReader } from '../../../pipeline/s3-layout/key.ts';
import { planPrefix } from '../../../pipeline/s3-layout/plan.ts';
import { EVERYTHING, type Selection } from '../../../pipeline/s3-layout/selection.ts';
import { ACCOUNTS, awsKey, awsKeys, firehoseKeys, REGIONS, times } from './flow-log-keys.ts';

const MINUTE = 60_000;
const factsOf = keyReader();
const at = (text: string): number => Date.parse(text);

interface Walked {
  readonly taken: readonly string[];
  /** Prefixes asked for, those of one level ending in `|`. */
  readonly listed: readonly string[];
}

/** Carries out the plans over a set of keys, as a listing of a bucket would. */
const walk = (keys: readonly string[], selection: Selection, given = ''): Walked => {
  const [taken, listed]: [string[], string[]] = [[], []];
  const take = (key: string): void => {
    const verdict = judgeKey(factsOf(key), selection, given);
    if (verdict === 'take' || verdict === 'unknown') taken.push(key);
  };
  const visit = (prefix: string): void => {
    const plan = planPrefix(prefix, selection, given);
    if (plan.kind === 'pruned' || plan.kind === 'sibling') return;
    if (plan.kind === 'these') {
      plan.prefixes.forEach(visit);
      return;
    }
    const below = keys.filter((key) => key.startsWith(prefix));
    listed.push(plan.kind === 'flat' ? prefix : `${prefix}|`);
    if (plan.kind === 'flat') {
      below.forEach(take);
      return;
    }
    const levels = new Set<string>();
    for (const key of below) {
      const slash = key.indexOf('/', prefix.length);
      if (slash < 0) take(key);
      else levels.add(key.slice(0, slash + 1));
    }
    levels.forEach(visit);
  };
  visit(given);
  return { taken, listed };
};

const selections: fc.Arbitrary<Selection> = fc.record({
  window: fc.option(
    fc
      .tuple(times(MINUTE), fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 3_000_000 })))
      .map(([start, minutes]) => ({ start, stop: start + minutes * MINUTE })),
  ),
  accounts: fc.subarray(ACCOUNTS),
  regions: fc.subarray(REGIONS),
});

const others = fc.constantFrom(
  'flows.log.gz',
  'a/b/c/d/e/flows.gz',
  'firehose/errors/2026/11/x',
  '2024/summary.gz',
  'AWSLogs/copies/x.gz',
  'AWSLogs/111111111111/CloudTrail/us-east-1/2024/01/01/x.gz',
  'logs/AWSLogs/111111111111/elasticloadbalancing/us-east-1/2024/01/01/x.gz',
);
const bucket = fc.uniqueArray(
  fc.oneof(
    { weight: 4, arbitrary: awsKeys.map(({ key }) => key) },
    { weight: 2, arbitrary: firehoseKeys.map(({ key }) => key) },
    others,
  ),
  { maxLength: 30 },
);

describe('the walk', () => {
  test('takes exactly the keys that the selection asks for, whatever it leaves unlisted, from any directory', () => {
    fc.assert(
      fc.property(bucket, selections, fc.nat(), fc.nat(8), (keys, selection, which, depth) => {
        const parts = (keys[which % Math.max(1, keys.length)] ?? '').split('/').slice(0, -1);
        const given = parts
          .slice(0, depth)
          .map((part) => `${part}/`)
          .join('');
        const asked = keys.filter((key) => {
          const verdict = judgeKey(factsOf(key), selection, given);
          return key.startsWith(given) && (verdict === 'take' || verdict === 'unknown');
        });
        expect([...walk(keys, selection, given).taken].sort()).toEqual([...asked].sort());
      }),
      { numRuns: 400 },
    );
  });

  test('asks for no prefix twice, none within another, and none that the selection leaves out', () => {
    fc.assert(
      fc.property(bucket, selections, (keys, selection) => {
        const { listed } = walk(keys, selection);
        expect(new Set(listed).size).toBe(listed.length);
        const flat = listed.filter((prefix) => !prefix.endsWith('|'));
        for (const one of flat) {
          expect(flat.filter((other) => other !== one && other.startsWith(one))).toEqual([]);
          // Whatever stands there has the account, region and time that its prefix tells.
          const told = factsOf(`${one}x`);
          const some = (asked: readonly string[], value: string | null) =>
            asked.length === 0 || value === null || asked.includes(value);
          expect([some(selection.accounts, told.account), some(selection.regions, told.region)]).toEqual([true, true]);
          if (selection.window === null || told.time === null) continue;
          expect(told.time.from).toBeLessThanOrEqual(selection.window.stop + 20 * MINUTE);
          expect(told.time.to).toBeGreaterThanOrEqual(selection.window.start);
        }
      }),
    );
  });

  const layout = { root: '', hive: false, hours: true, organisation: false };
  const days = Array.from({ length: 40 }, (_, i) => at('2026-10-20T13:05:00Z') + i * 24 * 60 * MINUTE);
  const keys = ACCOUNTS.flatMap((account) =>
    REGIONS.flatMap((region) => days.map((day) => awsKey(layout, account, region, day))),
  );

  test('of a quarter of an hour asks for its hours and the next ones only', () => {
    const window = { start: at('2026-11-20T13:00:00Z'), stop: at('2026-11-20T13:15:00Z') };
    const selection = { window, accounts: ['222222222222'], regions: ['us-east-1'] };
    const region = 'AWSLogs/222222222222/vpcflowlogs/us-east-1/';
    const { listed, taken } = walk(keys, selection);
    expect(listed).toEqual([
      '|',
      'AWSLogs/|',
      'AWSLogs/222222222222/vpcflowlogs/|',
      `${region}2026/11/20/|`,
      `${region}2026/11/20/13/`,
    ]);
    expect(taken).toEqual([awsKey(layout, '222222222222', 'us-east-1', at('2026-11-20T13:05:00Z'))]);
  });

  test.each([
    ['default', false, '', '/', '/'],
    ['Hive', true, 'year=', '/month=', '/day='],
  ])('of weeks asks for whole months and whole days: %s layout', (_name, hive, year, month, day) => {
    const window = { start: at('2026-10-31T00:00:00Z'), stop: at('2026-12-02T00:00:00Z') };
    const kept = awsKey({ ...layout, hive }, '111111111111', 'us-east-1', at('2026-11-20T13:05:00Z'));
    const region = kept.slice(0, kept.indexOf('us-east-1/') + 'us-east-1/'.length);
    const of = (...parts: readonly string[]) => `${region}${parts.map((p, i) => [year, month, day][i] + p).join('')}/`;
    const { listed } = walk([kept], { ...EVERYTHING, window }, region);
    expect(listed).toEqual([
      `${of('2026', '10', '30')}|`,
      of('2026', '10', '31'),
      of('2026', '11'),
      of('2026', '12', '01'),
      `${of('2026', '12', '02')}|`,
    ]);
  });

  test.each([
    ['before', '2026-01-01T00:00:00Z', '2026-01-01T00:10:00Z', '2025-12-31T23:55:00Z'],
    ['after', '2025-12-31T23:50:00Z', '2025-12-31T23:59:00Z', '2026-01-01T00:15:00Z'],
  ])('at the turn of a year asks for the one %s it, too', (_name, start, stop, time) => {
    const kept = awsKey(layout, '111111111111', 'us-east-1', at(time));
    const window = { start: at(start), stop: at(stop) };
    expect(walk([kept], { ...EVERYTHING, window }, 'AWSLogs/111111111111/vpcflowlogs/us-east-1/').taken).toEqual([
      kept,
    ]);
  });

  test('of many years asks which there are', () => {
    const region = 'AWSLogs/111111111111/vpcflowlogs/us-east-1/';
    const window = { start: at('2000-01-01T00:00:00Z'), stop: at('2026-11-10T00:00:00Z') };
    const months = Array.from({ length: 10 }, (_, i) => `${region}2026/${String(i + 1).padStart(2, '0')}/`);
    const inNovember = Array.from({ length: 9 }, (_, i) => `${region}2026/11/0${i + 1}/`);
    const { listed } = walk(keys, { ...EVERYTHING, window }, region);
    expect(listed).toEqual([`${region}|`, ...months, ...inNovember, `${region}2026/11/10/|`]);
  });

  test('without a layout looks three levels deep for one, then lists what is left in one pass', () => {
    const window = { start: at('2026-11-20T13:00:00Z'), stop: at('2026-11-20T13:15:00Z') };
    const { listed } = walk(['a/b/c/d/e/flows.gz'], { ...EVERYTHING, window });
    expect(listed).toEqual(['|', 'a/|', 'a/b/|', 'a/b/c/']);
  });
});

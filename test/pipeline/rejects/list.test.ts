// The list of rejects: groups with one sample each, nothing of which speaks to the terminal, and bounded.
import { expect, test } from 'vitest';
import { MAX_GROUPS, RejectGroups } from '../../../pipeline/rejects/groups.ts';
import { listJson, listTable, visible } from '../../../pipeline/rejects/list-report.ts';
import { NOTHING, replaySummary, together } from '../../../pipeline/rejects/replay-report.ts';
import type { Reject } from '../../../schemas/rejects.ts';
import { expectGolden } from '../../golden-files.ts';

const FIVE = Date.UTC(2026, 10, 20, 5, 10);
const SIX = Date.UTC(2026, 10, 20, 6, 59);

const line = (more: Partial<Reject> = {}): Reject => ({
  ...{ reason: 'token_count', scope: 'line', detail: 'it has 3 tokens, the format 14', source: 's', offset: 4 },
  ...{ log_group: '/vpc/flows', raw: 'one two three' },
  ...more,
});

const some = (): RejectGroups => {
  const groups = new RejectGroups();
  groups.add(line(), 'feed', SIX);
  groups.add(line({ raw: 'later' }), 'feed', FIVE);
  groups.add(line({ cut: true }), 'feed', SIX);
  groups.add(
    line({ log_group: 'b\u001b[31m', reason: 'bad_time', detail: 'red\u001b[0m\r\nnext', raw: '\u009b1m \u202e' }),
    'f',
    FIVE,
  );
  const {
    log_group: _,
    raw: __,
    ...raw
  } = line({ reason: 'no_format', detail: 'it is not UTF-8', raw_base64: '/wBh' });
  groups.add(raw, '123456789012.eu-west-1.flows', FIVE);
  groups.add(
    { ...raw, scope: 'envelope', reason: 'envelope_truncated', detail: 'the data end early' },
    'backfill',
    FIVE,
  );
  return groups;
};

test('groups are by reason and by log group, or else feed, with the first of them', () => {
  expect(some().groups()).toMatchObject([
    {
      ...{ reason: 'token_count', rejects: 3, replayable: 2, first: FIVE, last: SIX },
      ...{ origin: { kind: 'log group', name: '/vpc/flows' }, sample: { raw: 'one two three', offset: 4 } },
    },
    { reason: 'bad_time', rejects: 1 },
    { reason: 'envelope_truncated', origin: { kind: 'feed', name: 'backfill' }, replayable: 0 },
    { reason: 'no_format', origin: { kind: 'feed', name: '123456789012.eu-west-1.flows' }, replayable: 1 },
  ]);
});

test('log groups without end are one group past a bound, and none is lost', () => {
  const groups = new RejectGroups();
  for (let i = 0; i < MAX_GROUPS + 50; i++) groups.add(line({ log_group: `g${i}` }), 'feed', FIVE);
  const all = groups.groups();
  expect(all).toHaveLength(MAX_GROUPS + 1);
  expect(all[0]).toMatchObject({ rejects: 50, origin: { kind: 'others' } });
});

test('the table has nothing that a terminal obeys, and is as wide as it', () => {
  const list = { groups: some().groups(), replayed: 1234 };
  const table = listTable(list, 80);
  expectGolden('rejects', 'table.out', table);
  expect(table).not.toMatch(/[^\P{C}\n]/u);
  const narrow = listTable(list, 30).split('\n').slice(0, -2); // the sum is never cut
  expect(Math.max(...narrow.map((text) => [...text].length))).toBe(30);
  expect(visible('a\u001bb\u009b\u2028é😀\u{e0001}')).toBe('a\\x1bb\\x9b\\u{2028}é😀\\u{e0001}');
});

test('the JSON is exact, with control characters escaped', () => {
  const json = listJson({ groups: some().groups(), replayed: 2 });
  expectGolden('rejects', 'list.json', json);
  expect(json.trimEnd()).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  expect(JSON.parse(json)).toMatchObject({
    rejects: 6,
    replayable: 4,
    replayed: 2,
    groups: [{ first: '2026-11-20T05:00:00Z' }, {}, {}, {}],
  });
});

test('a store without rejects says so', () => {
  expect(listTable({ groups: [], replayed: 0 }, 80)).toBe('0 rejects, of which 0 can be replayed; 0 were\n');
});

test('a replay ends with what was taken, what was not, and why', () => {
  const outcome = together(
    {
      ...{ taken: 1200, sources: 2, skipped: 3, finished: 10 },
      unmatched: new Map([['token_count', 2] as const]),
      unreplayable: new Map([['cut', 1] as const]),
    },
    {
      ...NOTHING,
      unmatched: new Map([['bad_time', 1] as const, ['token_count', 1] as const]),
      unreplayable: new Map([['envelope', 2] as const]),
    },
  );
  const facts = { dryRun: false, whole: true, formatsGiven: true };
  expect(replaySummary(outcome, facts)).toEqual([
    '1,200 of 1,204 lines taken into 2 sources',
    '3 of them left out: another feed has their interface and minute',
    '10 of them had been claimed by a replay that did not finish',
    '4 lines still do not match: bad_time 1, token_count 3',
    'cannot be replayed: 1 line longer than 64 KiB: only the beginning is kept',
    'cannot be replayed: 2 rejects of a whole record or object: there are no lines in it',
  ]);
  const none = { ...NOTHING, unmatched: new Map([['bad_time', 1] as const]) };
  expect(replaySummary(none, { ...facts, dryRun: true })).toEqual([
    '1 line read, none of which would be taken; nothing was written',
    '1 line still does not match: bad_time 1',
    'nothing could be taken: look at the lines with `vpcflow rejects list`',
  ]);
  expect(replaySummary(none, { ...facts, formatsGiven: false })).toEqual([
    '1 line read, none of which was taken',
    '1 line still does not match: bad_time 1',
    'nothing could be taken under the formats of before: give the right ones with --formats or --format ' +
      '(`vpcflow formats discover` writes a formats file)',
  ]);
  expect(replaySummary(NOTHING, facts)).toEqual(['no reject is selected that was not replayed before']);
  expect(replaySummary(NOTHING, { ...facts, whole: false })).toEqual([]);
});

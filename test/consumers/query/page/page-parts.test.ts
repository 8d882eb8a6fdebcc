// Parts of the page that are hard to see in a browser: steps of a series, what is said of completeness, and problems.
import { expect, test } from 'vitest';
import { completenessHtml } from '../../../../consumers/query/page/page-completeness.ts';
import { asProblem } from '../../../../consumers/query/page/page-problem.ts';
import { seriesHtml, seriesOf } from '../../../../consumers/query/page/page-series.ts';
import { compileFilter } from '../../../../pipeline/filter/compile.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { Completeness } from '../../../../schemas/query.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-20T05:00:00Z');

test('every step of a window is there, actions are summed apart', () => {
  const rows = [
    [START + MINUTE, 'ACCEPT', 5, 0n, 700n],
    [START + MINUTE, 'REJECT', 2, 0n, 80n],
    [START + MINUTE, null, 1n, 0n, 0n],
    [START + 3 * MINUTE, 'ACCEPT', 9, 0n, 1n], // past the window
  ];
  const series = seriesOf({ start: START, stop: START + 3 * MINUTE }, MINUTE, rows);
  expect(series.steps.map(({ time, accepted, rejected }) => [time - START, accepted, rejected])).toEqual([
    [0, { flows: 0n, bytes: 0n }, { flows: 0n, bytes: 0n }],
    [MINUTE, { flows: 6n, bytes: 700n }, { flows: 2n, bytes: 80n }],
    [2 * MINUTE, { flows: 0n, bytes: 0n }, { flows: 0n, bytes: 0n }],
  ]);
  const { text } = seriesHtml(series, '/v1/series?a=1&b=2');
  expect(text.match(/class="(accepted|rejected)"[^>]* height="([\d.]+)"/g)).toHaveLength(2);
  expect(text).toContain('aria-label="Flows in each 1 minute, at most 8; 2 flows rejected in all"');
  expect(text).toContain('2026-11-20 05:01 UTC: 6 flows accepted, 700 B; 2 flows rejected');
});

const WHOLE: Completeness = {
  ...{ complete: true, watermark: START, asOf: START, lateness: 20 * MINUTE, behind: { count: 0, shards: [] } },
  ...{ skipdata: { interfaces: 0, minutes: 0, named: [] }, longestInterval: 60, warnings: [] },
};

test('a complete answer says nothing more; shards behind, skipped minutes and unreadable objects are named', () => {
  expect(completenessHtml(WHOLE).text).toMatch(/^<div class="notice good"><p>Complete: [^<]*<\/p><\/div>$/);
  const behind = { count: 2, shards: [{ stream: 'logs', shard: 'shardId-1', watermark: START }] };
  const named = [{ account_id: '1', interface_id: '<eni>', minutes: 3 }];
  const { text } = completenessHtml({
    ...{ ...WHOLE, complete: false, behind, longestInterval: 600 },
    ...{ skipdata: { interfaces: 1, minutes: 3, named }, warnings: ['digests/x.parquet cannot be read'] },
  });
  expect(text).toContain('class="notice bad"');
  expect([...text.matchAll(/<li>([^<]*)<\/li>/g)].map(([, line]) => line)).toEqual([
    'digests/x.parquet cannot be read',
    '2 shards are not yet 20 minutes past the window; furthest behind: shardId-1 of logs.',
    'AWS left flows out (SKIPDATA) in 3 interface-minutes of 1 interface: &lt;eni&gt; (3).',
    'Flows are aggregated over up to 600 seconds: lines can come that much later.',
  ]);
});

test('a problem is about the field that its message begins with, a filter about a place; others are thrown on', () => {
  const problem = (error: unknown) => {
    const { field, column } = asProblem(error);
    return [field, column];
  };
  expect(problem(new VpcflowError('VF_BAD_PARAMETER', 'top must be a whole number'))).toEqual(['top', null]);
  expect(problem(new VpcflowError('VF_BAD_WINDOW', 'nothing lies between'))).toEqual([null, null]);
  expect(problem(new VpcflowError('VF_LIMIT', 'constructor'))).toEqual([null, null]);
  let thrown: unknown;
  try {
    compileFilter('port = 1 and nonsense = 2', 0);
  } catch (error) {
    thrown = error;
  }
  expect(problem(thrown)).toEqual(['filter', 14]);
  expect(() => asProblem(new VpcflowError('VF_QUERY', 'broken'))).toThrow('broken');
});

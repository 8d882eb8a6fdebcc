// `--overlapping` on rows, graph, diff and series, and over HTTP: flows by the time that they span.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run as diff } from '../../../../consumers/query/commands/diff.ts';
import { run as graph } from '../../../../consumers/query/commands/graph.ts';
import { run as rows } from '../../../../consumers/query/commands/rows.ts';
import { run as series } from '../../../../consumers/query/commands/series.ts';
import type { Run } from '../../../../consumers/shared/command.ts';
import type { OptionKey } from '../../../../consumers/shared/options.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { AFTER, flowRow } from '../flow-rows.ts';
import { runCommand } from '../run-command.ts';
import { serving } from '../serving.ts';
import { putRows } from '../store-of-rows.ts';

const { start, path } = serving();

const WINDOW = { start: '2026-11-20T05:00:00Z', stop: '2026-11-20T05:03:00Z' };
const OPENS = Date.parse(WINDOW.start) / 1000;

/** One that ends before the window, one that reaches into it from the hour before, and one that lies in it. */
const FLOWS = [
  { minute: '2026-11-20T04:55:00Z', port: 22, bytes: 1, start: OPENS - 300, end: OPENS - 1 },
  { minute: '2026-11-20T04:52:00Z', port: 25, bytes: 10, start: OPENS - 480, end: OPENS + 115 },
  { minute: '2026-11-20T05:02:00Z', port: 443, bytes: 100, start: OPENS + 120, end: OPENS + 700 },
].map(({ port, ...rest }) => flowRow('eni-a', ['10.0.0.1', 0], ['10.0.0.2', port], rest));

beforeAll(() => putRows(new DirectoryStore(path('spans')), 'digests', 'a', FLOWS));
afterAll(() => rm(path('spans'), { recursive: true, force: true }));

const printed = async (run: Run, keys: readonly OptionKey[], given: Readonly<Record<string, string>>) => {
  const all = { ...WINDOW, store: path('spans'), ...given };
  const { stdout } = await runCommand(run, ['store', 'start', 'stop', 'overlapping', ...keys], all, AFTER);
  return stdout.toString();
};

describe.each([
  ['false', [443], [['2026-11-20T05:02:00Z', 100]], 100, 0],
  [
    'true',
    [25, 443],
    [
      ['2026-11-20T05:00:00Z', 10],
      ['2026-11-20T05:02:00Z', 100],
    ],
    110,
    11,
  ],
] as const)('overlapping %s', (overlapping, ports, points, bytes, before) => {
  test('rows', async () => {
    const text = await printed(rows, ['columns'], { overlapping, group: 'dstport' });
    expect(
      text
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => Number(line.split(',')[0])),
    ).toEqual(ports);
  });

  test('series: what began before is in the first step', async () => {
    const document = JSON.parse(await printed(series, ['seriesFormat'], { overlapping, format: 'json' }));
    const found = document.points.map((point: { minute: string; bytes: number }) => [point.minute, point.bytes]);
    expect([document.step, found]).toEqual([60, points]);
  });

  test('graph', async () => {
    const document = JSON.parse(await printed(graph, ['graphFormat'], { overlapping, format: 'json' }));
    expect(document.totals.bytes).toBe(bytes);
  });

  test('diff: of both windows', async () => {
    const { totals } = JSON.parse(await printed(diff, ['against', 'diffFormat'], { overlapping, format: 'json' }));
    expect([totals.window.bytes, totals.against.bytes]).toEqual([bytes, before]);
  });

  test('over HTTP, with another entity tag', async () => {
    const { url } = await start({ store: new DirectoryStore(path('spans')) });
    const asked = `${url}/v1/series?start=${WINDOW.start}&stop=${WINDOW.stop}&format=json`;
    const other = await fetch(`${asked}&overlapping=${overlapping === 'true' ? 'false' : 'true'}`);
    const etag = other.headers.get('etag') ?? '';
    const answer = await fetch(`${asked}&overlapping=${overlapping}`, { headers: { 'if-none-match': etag } });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { points: unknown[] }).points.length).toBe(points.length);
  });
});

test('a switch that is neither is refused', async () => {
  const { url } = await start();
  const answer = await fetch(`${url}/v1/rows?start=${WINDOW.start}&stop=${WINDOW.stop}&overlapping=perhaps`);
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'VF_BAD_PARAMETER' }]);
});

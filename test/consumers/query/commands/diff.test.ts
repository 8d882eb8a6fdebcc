// `vpcflow diff` and /v1/diff over a real store: the same difference everywhere, of the complete minutes of both windows.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../../consumers/commands.ts';
import { run } from '../../../../consumers/query/commands/diff.ts';
import type { QueryServer } from '../../../../consumers/query/server/server.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { serialize } from '../../../../pipeline/documents.ts';
import { shardsKey } from '../../../../pipeline/keys.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import type { Row } from '../../../fakes/parquet-rows.ts';
import { AFTER, flowRow, NETWORK } from '../flow-rows.ts';
import { putWatermark } from '../golden-store.ts';
import { type Printed, runCommand } from '../run-command.ts';
import { startServer } from '../serving.ts';
import { putRows } from '../store-of-rows.ts';

const EARLIER = NETWORK.map((row) => ({ ...row, minute: '2026-11-20T04:50:00Z' }));
const YESTERDAY = NETWORK.slice(0, 2).map((row) => ({ ...row, minute: '2026-11-19T05:05:00Z' }));
const LATER: readonly Row[] = [
  { ...NETWORK[0], bytes: 12_800 },
  ...NETWORK.slice(1, 3),
  ...NETWORK.slice(3, 5).map((row) => ({ ...row, action: 'REJECT' })),
  ...NETWORK.slice(5, 7),
  flowRow('eni-db', ['10.0.10.21', 0], ['10.0.30.41', 5432], { bytes: 1_500_000, minute: '2026-11-20T05:12:00Z' }),
];
const WINDOW = { start: '2026-11-20T05:00:00Z', stop: '2026-11-20T05:15:00Z' } as const;

let directory: string;
let server: QueryServer;
let behind: QueryServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-diff-'));
  const open = async (name: string): Promise<[DirectoryStore, QueryServer]> => {
    const store = new DirectoryStore(join(directory, name));
    await putRows(store, 'digests', 'made', [...EARLIER, ...LATER, ...YESTERDAY]);
    return [store, await startServer({ store, clock: new ManualClock(AFTER) })];
  };
  [, server] = await open('network');
  let store: DirectoryStore;
  [store, behind] = await open('behind');
  const shard = { shard: 'shardId-000000000000', parents: [], closed: false };
  await store.put(shardsKey('1.x.flows'), serialize({ kind: 'shards', shards: [shard] }));
  await putWatermark(store, '1.x.flows', shard.shard, '2026-11-20T05:30:00Z'); // complete up to 05:10
});
afterAll(async () => {
  await server.close();
  await behind.close();
  await rm(directory, { recursive: true, force: true });
});

const diff = (given: Readonly<Record<string, string>>, store = 'network'): Promise<Printed> => {
  const keys = COMMANDS.find((command) => command.name === 'diff')?.options ?? [];
  return runCommand(run, keys, { store: join(directory, store), ...WINDOW, ...given }, AFTER);
};
const diffJson = async (given: Readonly<Record<string, string>>, store?: string) =>
  JSON.parse((await diff({ format: 'json', ...given }, store)).stdout.toString());

const QUERY = new URLSearchParams(WINDOW).toString();
const get = (asked: string, of = server, init?: RequestInit): Promise<Response> =>
  fetch(`${of.url}/v1/diff?${QUERY}${asked}`, init);

interface EdgeName {
  readonly source: string;
  readonly target: string;
}
const names = (edges: readonly EdgeName[]) => edges.map(({ source, target }) => `${source} ${target}`);

describe('the command', () => {
  test('compares with the window just before', async () => {
    const printed = await diff({});
    expect(printed.stderr).toBe('vpcflow: complete: unknown, watermark: none\n');
    const found = JSON.parse(printed.stdout.toString());
    expect(found.against.compared).toEqual({ start: '2026-11-20T04:45:00Z', stop: '2026-11-20T05:00:00Z' });
    expect(names(found.added)).toEqual(['10.0.10.21 10.0.30.41']);
    expect(names(found.removed)).toEqual(['198.51.100.99 10.0.10.21']);
    expect(found.changed).toMatchObject([{ source: '203.0.113.5', action: 'ACCEPT', ratio: 3.2 }]);
    expect(found.changed[0].before.bytes).toBe(4000);
    expect(found.flipped).toMatchObject([
      { source: '10.0.10.21', target: '10.0.20.31', before: 'ACCEPT', after: 'REJECT' },
    ]);
    expect(found.totals.unchanged.edges).toBe(3);
  });

  test('compares with the same minutes of yesterday, or with a window of its own', async () => {
    const day = await diffJson({ against: 'day' });
    expect(day.against.start).toBe('2026-11-19T05:00:00Z');
    expect(day.totals.against.edges).toBe(2);
    expect((await diffJson({ against: 'week' })).totals.against.edges).toBe(0);
    const own = await diffJson({ 'against-start': '2026-11-19T00:00:00Z', 'against-stop': '2026-11-20T05:00:00Z' });
    expect(own.against.stop).toBe('2026-11-20T05:00:00Z');
    expect(own.totals.against.flows).toBe(12 + 2); // of both days, each conversation once
  });

  test('asks the same as a graph: a filter, a grouping, nodes to keep', async () => {
    const filtered = await diffJson({ filter: 'port = 5432 or port = 8080' });
    expect([names(filtered.added), names(filtered.removed)]).toEqual([['10.0.10.21 10.0.30.41'], []]);
    const grouped = await diffJson({ group: 'cidr24', internet: 'one', top: '2', count: 'observed' });
    expect(grouped.others).toEqual({ nodes: 2 });
    const { added, changed, flipped, unchanged } = grouped.totals;
    const after = [added, changed, flipped, unchanged].reduce((sum, { after }) => sum + after.bytes, 0);
    expect(after).toBe(grouped.totals.window.bytes);
  });

  test('says what security groups need, and that it has two ways to name a window', async () => {
    await expect(diff({ group: 'security-group' })).rejects.toMatchObject({ code: 'VF_BAD_PARAMETER' });
    await expect(diff({ against: 'day', 'against-start': 'now-1d' })).rejects.toMatchObject({
      code: 'VF_BAD_PARAMETER',
      help: 'give one of them',
    });
  });
});

describe('minutes that are not complete', () => {
  test('are left out of both windows, and the answer is not complete and says so', async () => {
    const found = await diffJson({}, 'behind');
    expect(found.window).toMatchObject({
      ...{ ...WINDOW, complete: false, left_out: 5, behind: { count: 1 } },
      compared: { start: WINDOW.start, stop: '2026-11-20T05:10:00Z' },
    });
    expect(found.against).toMatchObject({ left_out: 5, compared: { stop: '2026-11-20T04:55:00Z' } });
    expect(found.added).toEqual([]); // what is new came at 05:12
    const response = await get('', behind);
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(response.headers.get('x-vpcflow-behind')).toBe('1');
    expect(response.headers.get('x-vpcflow-compared')).toBe(
      '2026-11-20T05:00:00Z/2026-11-20T05:10:00Z, 2026-11-20T04:45:00Z/2026-11-20T04:55:00Z',
    );
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    await response.text();
  });

  test('are named on stderr, with what was compared', async () => {
    const { stdout, stderr } = await diff({ format: 'dot' }, 'behind');
    expect(stderr).toBe(
      'vpcflow: complete: false, watermark: 2026-11-20T05:30:00.000Z; ' +
        'shards behind: 1 (1.x.flows shardId-000000000000 at 2026-11-20T05:30:00.000Z); ' +
        'compared: 2026-11-20T05:00:00Z to 2026-11-20T05:10:00Z against 2026-11-20T04:45:00Z to ' +
        '2026-11-20T04:55:00Z; left out, because not complete yet: 5 minutes of the window and 5 minutes of the other one\n',
    );
    expect(stdout.toString()).toContain('Not complete yet: read up to');
    expect(stdout.toString()).not.toContain('Complete: everything');
  });

  test('are compared when asked, and then it is not complete', async () => {
    const printed = await diff({ incomplete: 'true' }, 'behind');
    const found = JSON.parse(printed.stdout.toString());
    expect([found.window.complete, found.window.left_out, found.added.length]).toEqual([false, 0, 1]);
    expect(printed.stderr).toContain('complete: false');
    const response = await get('&incomplete=true', behind);
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    await response.text();
  });

  test('are an error where there are no others', async () => {
    const response = await get('&lateness=1h', behind);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'VF_BAD_WINDOW',
      help: expect.stringContaining('incomplete=true'),
    });
  });
});

const withoutLinks = (svg: string): string => svg.replace(/ xlink:href="[^"]*"/g, '');

describe('GET /v1/diff', () => {
  test.each([
    ['json', 'application/json; charset=utf-8'],
    ['csv', 'text/csv; charset=utf-8; header=present'],
    ['dot', 'text/vnd.graphviz; charset=utf-8'],
    ['svg', 'image/svg+xml; charset=utf-8'],
    ['png', 'image/png'],
  ])('answers %s as the command does', async (format, type) => {
    const response = await get(`&format=${format}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    const body = Buffer.from(await response.arrayBuffer());
    const printed = (await diff({ format })).stdout;
    // Only what is drawn for a browser leads somewhere.
    if (format === 'svg') expect(withoutLinks(body.toString())).toBe(withoutLinks(printed.toString()));
    else expect(body.equals(printed)).toBe(true);
    const accepted = await get('', server, { headers: { accept: type } });
    expect(accepted.headers.get('content-type')).toBe(type);
    await accepted.arrayBuffer();
  });

  test('draws nodes that lead to the graph of what they had a part in', async () => {
    const svg = await (await get('&format=svg&top=5&incomplete=true')).text();
    const links = [...svg.matchAll(/xlink:href="([^"]*)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
    const [link] = links;
    expect(link).toMatch(/^graph\?start=.*&top=5&format=svg&filter=addr/);
    const graph = await fetch(new URL(link ?? '', `${server.url}/v1/diff`));
    expect(graph.status).toBe(200);
    expect(await graph.text()).toContain('Who talked to whom');
  });

  test('draws each class with its word', async () => {
    const svg = await (await get('&format=svg')).text();
    for (const word of ['new', 'gone', '×3.2', 'ACCEPT → REJECT', 'Violet', '3 unchanged edges not drawn']) {
      expect(svg).toContain(word);
    }
  });

  test('has a tag for each question, and 304 for the same', async () => {
    const tags = new Map<string, string>();
    for (const asked of ['', '&against=day', '&incomplete=true', '&top=2', '&format=csv', '&count=observed']) {
      const response = await get(asked);
      tags.set(asked, response.headers.get('etag') ?? '');
      await response.arrayBuffer();
    }
    expect(new Set(tags.values()).size).toBe(tags.size);
    const again = await get('&top=2', server, { headers: { 'if-none-match': tags.get('&top=2') ?? '' } });
    expect(again.status).toBe(304);
  });

  test.each([
    ['&against=year', 'VF_BAD_PARAMETER'],
    ['&against-stop=now', 'VF_BAD_PARAMETER'],
    ['&against=day&against-start=now-1d', 'VF_BAD_PARAMETER'],
    ['&against-start=then', 'VF_BAD_TIME'],
    ['&against-start=now&against-stop=now-1h', 'VF_BAD_WINDOW'],
    ['&incomplete=perhaps', 'VF_BAD_PARAMETER'],
    ['&format=parquet', 'VF_BAD_PARAMETER'],
    ['&group=planet', 'VF_BAD_PARAMETER'],
    ['&filter=port', 'VF_BAD_FILTER'],
    ['&colour=red', 'VF_BAD_PARAMETER'],
  ])('refuses %s with %s', async (asked, code) => {
    const response = await get(asked);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code });
  });

  test('a time with a plus sign may stand unescaped', async () => {
    const found = await (await get('&against-start=2026-11-20T06:45:00+02:00')).json();
    expect(found).toMatchObject({ against: { start: '2026-11-20T04:45:00Z' } });
  });
});

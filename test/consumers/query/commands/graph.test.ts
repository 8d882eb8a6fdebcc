// `vpcflow graph`, /v1/graph and the page over a real store: the same graph everywhere, and nothing unescaped.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../../consumers/commands.ts';
import { run } from '../../../../consumers/query/commands/graph.ts';
import type { QueryServer } from '../../../../consumers/query/server/server.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import type { Graph } from '../../../../schemas/graph.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { parseDot } from '../../../reference/dot-parser.ts';
import { AFTER, HOSTILE, NETWORK, WINDOW } from '../flow-rows.ts';
import { type Printed, runCommand } from '../run-command.ts';
import { startServer } from '../serving.ts';
import { putRows } from '../store-of-rows.ts';

let directory: string;
let server: QueryServer;
let hostile: QueryServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-graph-'));
  const open = async (name: string, rows: typeof NETWORK): Promise<QueryServer> => {
    const store = new DirectoryStore(join(directory, name));
    await putRows(store, 'digests', 'made', rows);
    return startServer({ store, clock: new ManualClock(AFTER) });
  };
  server = await open('network', NETWORK);
  hostile = await open('hostile', HOSTILE);
});
afterAll(async () => {
  await server.close();
  await hostile.close();
  await rm(directory, { recursive: true, force: true });
});

const graph = (given: Readonly<Record<string, string>>): Promise<Printed> => {
  const keys = COMMANDS.find((command) => command.name === 'graph')?.options ?? [];
  return runCommand(run, keys, { store: join(directory, 'network'), ...WINDOW, ...given }, AFTER);
};

const QUERY = new URLSearchParams(WINDOW).toString();
const get = (path: string, of = server): Promise<Response> => fetch(`${of.url}${path}`);

describe('the command', () => {
  test('prints DOT by default, with each conversation counted once', async () => {
    const printed = await graph({});
    expect(printed.status).toBe(0);
    expect(printed.stderr).toBe('vpcflow: complete: unknown, watermark: none\n');
    const edges = parseDot(printed.stdout.toString()).filter((statement) => statement.names.length === 2);
    expect(
      edges.map(({ names, attributes }) => [...names, attributes.vpcflow_bytes, attributes.vpcflow_witnesses]),
    ).toEqual([
      ['10.0.10.21', '10.0.20.31', '20000', '2'],
      ['10.0.10.21', '203.0.113.5', '90000', '1'],
      ['10.0.20.31', '10.0.30.41', '50000', '2'],
      ['198.51.100.99', '10.0.10.21', '44', '1'],
      ['203.0.113.5', '10.0.10.21', '4000', '1'],
      ['203.0.113.6', '10.0.10.21', '3000', '1'],
    ]);
  });

  test('adds what every interface saw when asked', async () => {
    const { totals } = JSON.parse((await graph({ format: 'json', count: 'observed' })).stdout.toString());
    expect(totals).toEqual({ nodes: 6, edges: 6, flows: 14, packets: 80, bytes: 236_044 });
  });

  test.each(['address', 'interface'])('keeps what the filter says, whatever the grouping (%s)', async (group) => {
    const sources = async (filter: string) => {
      const { edges, totals } = JSON.parse((await graph({ format: 'json', group, filter })).stdout.toString());
      return [edges.length, totals.bytes];
    };
    expect(await sources('dstaddr in 10.0.20.0/24')).toEqual([1, 20_000]);
    expect(await sources('dstaddr in 10.0.20.0/24 or dstaddr = 203.0.113.5')).toEqual([2, 110_000]);
    expect(await sources('not addr in 0.0.0.0/0')).toEqual([0, 0]);
  });

  test('draws SVG', async () => {
    const drawing = (await graph({ format: 'svg', group: 'interface', top: '3' })).stdout.toString();
    expect(drawing).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
    for (const name of ['eni&#45;web', 'eni&#45;app', '+3 others']) expect(drawing).toContain(`>${name}</text>`);
  });

  test('says what security groups need', async () => {
    await expect(graph({ group: 'security-group' })).rejects.toMatchObject({
      code: 'VF_BAD_PARAMETER',
      help: expect.stringContaining('inventory'),
    });
  });
});

describe('GET /v1/graph', () => {
  test.each([
    ['dot', 'text/vnd.graphviz; charset=utf-8'],
    ['svg', 'image/svg+xml; charset=utf-8'],
    ['json', 'application/json; charset=utf-8'],
  ])('answers %s as the command does', async (format, type) => {
    const response = await get(`/v1/graph?${QUERY}&group=cidr24&top=4&format=${format}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-vpcflow-complete')).toBe('unknown');
    // What the command draws leads nowhere.
    const answer = (await response.text()).replaceAll(/ xlink:href="[^"]*"/g, '');
    expect(answer).toBe((await graph({ group: 'cidr24', top: '4', format })).stdout.toString());
  });

  test('has one internet outside the networks that are one’s own', async () => {
    const ids = async (more: string) => {
      const { nodes } = (await (await get(`/v1/graph?${QUERY}&format=json${more}`)).json()) as Graph;
      return nodes.map(({ id, kind }) => (id === kind ? id : `${kind} ${id}`));
    };
    expect(await ids('&internet=one')).toEqual([
      ...['address 10.0.10.21', 'address 10.0.20.31', 'address 10.0.30.41', 'internet'],
    ]);
    expect(await ids('&internet=one&group=cidr16&own-networks=10.0.0.0/16,203.0.113.4/31')).toEqual([
      ...['cidr16 10.0.0.0/16', 'cidr16 203.0.0.0/16', 'internet'],
    ]);
    const bad = await get(`/v1/graph?${QUERY}&own-networks=10.0.0.0/40`);
    expect([bad.status, await bad.json()]).toMatchObject([400, { code: 'VF_BAD_PARAMETER' }]);
  });

  test('draws PNG, the same bytes as the command', async () => {
    const response = await get(`/v1/graph?${QUERY}&group=cidr24&format=png`);
    expect(response.headers.get('content-type')).toBe('image/png');
    const { stdout } = await graph({ group: 'cidr24', format: 'png' });
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), Buffer.from(stdout))).toBe(0);
  });

  test('draws nodes that lead to the same, filtered on them', async () => {
    const svg = await (await get(`/v1/graph?${QUERY}&format=svg&filter=${encodeURIComponent('bytes > 0')}`)).text();
    const links = [...svg.matchAll(/xlink:href="([^"]*)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
    const link = links.find((one) => one.endsWith(encodeURIComponent('addr = 10.0.30.41')));
    const filtered = await get(new URL(link ?? '', `${server.url}/v1/graph`).href.slice(server.url.length));
    const drawn = [...(await filtered.text()).matchAll(/class="node">\s*<title>([^<]*)/g)].map(([, name]) => name);
    expect(drawn.sort()).toEqual(['10.0.20.31', '10.0.30.41']);
  });

  test('has the format that Accept asks for, and an ETag of its own for each question', async () => {
    const tags = new Set<string | null>();
    for (const accept of ['application/json', 'image/svg+xml']) {
      const response = await fetch(`${server.url}/v1/graph?${QUERY}`, { headers: { accept } });
      expect(response.headers.get('content-type')).toContain(accept);
      tags.add(response.headers.get('etag'));
    }
    for (const more of ['&top=2', '&group=cidr24', '&count=observed', '&internet=one', '&own-networks=10.0.0.0/9']) {
      tags.add((await get(`/v1/graph?${QUERY}${more}&format=json`)).headers.get('etag'));
    }
    expect(tags.size).toBe(7);
    const [etag] = tags;
    const again = await fetch(`${server.url}/v1/graph?${QUERY}&format=json`, {
      headers: { 'if-none-match': etag ?? '' },
    });
    expect(again.status).toBe(304);
  });

  test.each([
    ['group=planet', 400],
    ['group=security-group', 400],
    ['top=0', 400],
    ['format=gif', 400],
    ['colour=red', 400],
  ])('refuses %s', async (parameter, status) => {
    const response = await get(`/v1/graph?${QUERY}&${parameter}`);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });
});

describe('GET /', () => {
  test('shows the last fifteen minutes, how complete they are, and links that work', async () => {
    const response = await get('/');
    expect(response.status).toBe(200);
    const text = await response.text();
    for (const part of ['2026-11-20 05:00 to 05:15 UTC', 'Completeness unknown', '<svg ', '90.0 kB', '198.51.100.99']) {
      expect(text).toContain(part);
    }
    const links = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, path]) => path.replaceAll('&amp;', '&'));
    expect(links.length).toBeGreaterThan(10);
    for (const path of links) expect([path, (await get(path)).status]).toEqual([path, 200]);
  });

  test('names the command line that gives the same', async () => {
    const text = await (await get(`/?${QUERY}&group=cidr24&top=4`)).text();
    const [, command] = /<code>(vpcflow graph [^<]*)<\/code>/.exec(text) ?? [];
    expect(command).toMatch(
      /^vpcflow graph --store \S+ --start 2026-11-20T05:00:00Z --stop 2026-11-20T05:15:00Z --group cidr24 --top 4 --format svg$/,
    );
  });

  test('runs nothing but its own script and sends the form nowhere else', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toContain('unsafe');
  });

  test.each([
    ['start=yesterday', 'start &quot;yesterday&quot; is no time'],
    ['start=now&stop=now-1h', 'nothing lies between'],
    ['group=security-group', 'security groups'],
    ['group=%3Cb%3E', 'group must be one of'],
    ['top=many', 'top needs a whole number'],
    ['filter=port+is+443', 'filter'],
  ])('says in words what is wrong with %s', async (parameter, words) => {
    const response = await get(`/?${parameter}`);
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain(words);
    expect(text).not.toContain('<b>');
  });

  test('keeps to the filter, and hands it on to every link', async () => {
    const text = await (await get(`/?${QUERY}&filter=port+%3D+5432`)).text();
    expect(text).toContain('value="port = 5432"');
    expect(text).toContain('10.0.30.41');
    expect(text).not.toContain('203.0.113.5');
    expect(text).toContain(
      '/v1/graph?start=2026-11-20T05%3A00%3A00Z&amp;stop=2026-11-20T05%3A15%3A00Z&amp;filter=port',
    );
    expect(text).toContain('--filter &#39;port = 5432&#39;');
  });

  test('an empty window is said to be empty', async () => {
    const text = await (await get('/?start=now-9d&stop=now-8d')).text();
    expect(text).toContain('No flows were logged in this window');
  });

  test.each(['address', 'interface'])('escapes every name of other people, by %s', async (group) => {
    const text = await (await get(`/?${QUERY}&group=${group}`, hostile)).text();
    expect(text).toContain('</html>');
    for (const code of ['<script>', '<img', '<b>', 'onerror=alert(1)>']) expect(text).not.toContain(code);
    expect(text).not.toMatch(/href="javascript:/);
    expect(text.match(/<title>vpcflow/g)).toHaveLength(2); // the page's and the drawing's
  });
});

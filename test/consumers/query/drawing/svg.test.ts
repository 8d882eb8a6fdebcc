// Drawings by Graphviz in a worker: normalised golden SVGs, any text drawn as it is, and the limits of size and time.
import { describe, expect, test } from 'vitest';
import { drawSvg, MAX_DRAWN_NODES } from '../../../../consumers/query/drawing/svg.ts';
import type { Graph } from '../../../../schemas/graph.ts';
import { expectGolden, goldenCases } from '../../../golden-files.ts';
import { readGraphJson } from '../../../reference/graph-json.ts';

const { signal } = new AbortController();

const GEOMETRY = /\b(d|points|x|y|cx|cy|rx|ry|width|height|viewBox|transform|stroke-width)="[^"]*"/g;

/** Without what another version of Graphviz, or of the machine's arithmetic, may say otherwise. */
const normalised = (svg: string): string =>
  `${svg
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(GEOMETRY, (attribute) => attribute.replace(/-?\d+\.\d+/g, (n) => String(Math.round(Number(n)) + 0)))
    .trim()}\n`;

describe('golden drawings', () => {
  for (const { name, input } of goldenCases('dot')) {
    test(name, async () => {
      expectGolden('dot', `${name}.svg`, normalised(await drawSvg(readGraphJson(input), signal)));
    });
  }
});

const cases = new Map(goldenCases('dot').map(({ name, input }) => [name, input]));
const graphOfCase = (name: string): Graph => readGraphJson(cases.get(name) ?? '');

test('a drawing is one svg element that names nothing elsewhere', async () => {
  const svg = await drawSvg(graphOfCase('odd-names'), signal);
  expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
  expect(svg.match(/https?:\/\/[^"]+/g)).toEqual(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']);
  expect(svg).not.toMatch(/<b>|<script/);
});

test('a drawing without a title leaves it out, and nothing else', async () => {
  const graph = graphOfCase('dots-matter');
  const titled = await drawSvg(graph, signal);
  const plain = await drawSvg(graph, signal, { title: false });
  expect(titled).toContain('Who talked to whom');
  expect(plain).not.toContain('Who talked to whom');
  expect(plain.match(/class="(node|edge)"/g)).toEqual(titled.match(/class="(node|edge)"/g));
});

test('what is too large to draw is refused with what to do', async () => {
  const graph = graphOfCase('empty');
  const node = { kind: 'address', bytes_in: 0n, bytes_out: 0n } as const;
  const nodes = Array.from({ length: MAX_DRAWN_NODES + 1 }, (_, i) => ({ ...node, id: `n${i}`, label: `n${i}` }));
  await expect(drawSvg({ ...graph, nodes }, signal)).rejects.toMatchObject({
    code: 'VF_LIMIT',
    message: 'a drawing of 501 nodes and 0 edges is past the limit of 500 nodes and 2,000 edges',
    help: expect.stringContaining('--top'),
  });
});

test('what takes too long is ended', async () => {
  // No worker starts within this, so the limit is always met.
  await expect(drawSvg(graphOfCase('subnets'), signal, { timeLimit: 0 })).rejects.toMatchObject({
    code: 'VF_LIMIT',
    help: expect.stringContaining('--group'),
  });
});

test('whoever asked may stop waiting', async () => {
  const abort = new AbortController();
  const drawing = drawSvg(graphOfCase('subnets'), abort.signal);
  abort.abort(new Error('gone'));
  await expect(drawing).rejects.toThrow('gone');
});

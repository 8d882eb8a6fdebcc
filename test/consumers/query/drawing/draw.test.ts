// Drawings by Graphviz in threads: normalised golden SVGs, PNGs of the same, and the limits of size, time and memory.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { beforeAll, describe, expect, test } from 'vitest';
import { draw, MAX_DRAWN_NODES, type Picture } from '../../../../consumers/query/drawing/draw.ts';
import { drawGraph } from '../../../../consumers/query/drawing/draw-graph.ts';
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
      expectGolden('dot', `${name}.svg`, normalised(await drawGraph(readGraphJson(input), 'svg', signal)));
    });
  }
});

const cases = new Map(goldenCases('dot').map(({ name, input }) => [name, input]));
const graphOfCase = (name: string): Graph => readGraphJson(cases.get(name) ?? '');

/** A graph that Graphviz takes long over: edges all over the place, the same each time. */
function tangle(nodes: number, edges: number): Picture {
  let state = 1;
  const node = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % nodes;
  };
  return { dot: ['digraph {', ...Array.from({ length: edges }, () => `${node()} -> ${node()};`), '}'], nodes, edges };
}

/** Width and height of a PNG (PNG specification, 11.2.1 IHDR). */
function pngSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(Buffer.from(bytes.subarray(12, 16)).toString('latin1')).toBe('IHDR');
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

const bytesOf = (picture: string | Uint8Array): Uint8Array => {
  if (typeof picture === 'string') throw new TypeError('a PNG is no text');
  return picture;
};

describe('SVG', () => {
  test('is one svg element that names nothing elsewhere', async () => {
    const svg = await drawGraph(graphOfCase('odd-names'), 'svg', signal);
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
    expect(svg.match(/https?:\/\/[^"]+/g)).toEqual(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']);
    expect(svg).not.toMatch(/<b>|<script/);
  });

  test('without a title leaves it out, and nothing else', async () => {
    const graph = graphOfCase('dots-matter');
    const titled = await drawGraph(graph, 'svg', signal);
    const plain = await drawGraph(graph, 'svg', signal, { title: false });
    expect(titled).toContain('Who talked to whom');
    expect(plain).not.toContain('Who talked to whom');
    expect(plain.match(/class="(node|edge)"/g)).toEqual(titled.match(/class="(node|edge)"/g));
  });

  test('is the same text whatever the thread drew before', async () => {
    const graphs = ['odd-names', 'subnets', 'addresses-top-6'].map(graphOfCase);
    const first = await Promise.all(graphs.map((graph) => drawGraph(graph, 'svg', signal)));
    for (const at of [2, 0, 1]) expect(await drawGraph(graphs[at], 'svg', signal)).toBe(first[at]);
  });
});

const ARIMO = '@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf';

describe('texts', () => {
  let font: Uint8Array;
  beforeAll(async () => {
    await initWasm(await readFile(new URL(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))));
    font = await readFile(new URL(import.meta.resolve(ARIMO)));
  });

  /** Points from the beginning of a text to the end of its ink, in Arimo, which is as wide as Helvetica and Arial. */
  function widthOf(text: string, size: string): number {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg"><text x="0" y="0" font-size="${size}" font-family="Arimo">${text}</text></svg>`;
    const resvg = new Resvg(svg, { font: { fontBuffers: [font], defaultFontFamily: 'Arimo' } });
    const box = resvg.getBBox();
    resvg.free();
    return box === undefined ? 0 : box.x + box.width;
  }

  test.each(['loops-and-rejects', 'subnets', 'empty'])('of the title fit into the width of %s', async (name) => {
    const svg = await drawGraph(graphOfCase(name), 'svg', signal);
    const [, least, width] = /viewBox="([-\d.]+) [-\d.]+ ([\d.]+) /.exec(svg) ?? [];
    const [, offset] = /translate\(([\d.]+) /.exec(svg) ?? [];
    const lines = [
      ...svg.matchAll(/<text [^>]*text-anchor="start" x="([-\d.]+)"[^>]*font-size="([\d.]+)"[^>]*>([^<]+)</g),
    ];
    expect(lines.length).toBeGreaterThan(2);
    for (const [, x, size, text] of lines)
      expect(Number(offset) + Number(x) + widthOf(text, size), text).toBeLessThanOrEqual(Number(least) + Number(width));
  });

  test('of nodes fit into their boxes', async () => {
    const svg = await drawGraph(graphOfCase('addresses-top-6'), 'svg', signal);
    const nodes = [...svg.matchAll(/<g id="node\d+"[\s\S]*?<\/g>\n?(?=<!--|<g |<\/g>)/g)].map(([node]) => node);
    expect(nodes.length).toBeGreaterThan(4);
    for (const node of nodes) {
      const [, size, text] = /font-size="([\d.]+)"[^>]*>([^<]+)</.exec(node) ?? [];
      const points = [...node.matchAll(/[MCL ](-?[\d.]+),-?[\d.]+/g)].map(([, x]) => Number(x));
      const ellipse = /rx="([\d.]+)"/.exec(node)?.[1];
      const room = ellipse === undefined ? Math.max(...points) - Math.min(...points) : 2 * Number(ellipse);
      expect(widthOf(text, size), text).toBeLessThanOrEqual(room);
    }
  });

  test('name the fonts that have these widths', async () => {
    const svg = await drawGraph(graphOfCase('subnets'), 'svg', signal);
    expect(new Set(svg.match(/font-family="[^"]*"/g))).toEqual(
      new Set(['font-family="Helvetica,Arial,Arimo,sans-serif"']),
    );
  });
});

describe('PNG', () => {
  test('is the drawing in twice its points, the same bytes each time', async () => {
    const graph = graphOfCase('subnets');
    const svg = await drawGraph(graph, 'svg', signal);
    const [, width, height] = /width="(\d+)pt" height="(\d+)pt"/.exec(svg) ?? [];
    const png = bytesOf(await drawGraph(graph, 'png', signal));
    expect(pngSize(png)).toEqual({ width: Number(width) * 2, height: Number(height) * 2 });
    expect(Buffer.compare(png, bytesOf(await drawGraph(graph, 'png', signal)))).toBe(0);
  });

  test('has its letters from a font of its own: a name that is longer has more ink', async () => {
    const named = (name: string): Picture => ({
      dot: [`digraph { a [shape=box, width=3, label="${name}", fontname="Helvetica"] }`],
      ...{ nodes: 1, edges: 0 },
    });
    const [nothing, short, long] = await Promise.all(
      ['', '10.0.1.7', '10.0.1.7 10.0.1.8'].map(async (name) => bytesOf(await draw(named(name), 'png', signal)).length),
    );
    expect(short).toBeGreaterThan(nothing + 200);
    expect(long).toBeGreaterThan(short + 200);
  });

  test('that would have too many pixels is drawn smaller', async () => {
    const maxPixels = 40_000;
    const { width, height } = pngSize(bytesOf(await draw(tangle(20, 60), 'png', signal, { maxPixels })));
    expect(width * height).toBeLessThanOrEqual(maxPixels * 1.02); // the height is rounded up
    expect(width * height).toBeGreaterThan(maxPixels * 0.9);
  });
});

describe('limits', () => {
  test('what is too large to draw is refused with what to do', async () => {
    const graph = graphOfCase('empty');
    const node = { kind: 'address', outside: false, bytes_in: 0n, bytes_out: 0n } as const;
    const nodes = Array.from({ length: MAX_DRAWN_NODES + 1 }, (_, i) => ({ ...node, id: `n${i}`, label: `n${i}` }));
    await expect(drawGraph({ ...graph, nodes }, 'svg', signal)).rejects.toMatchObject({
      code: 'VF_LIMIT',
      message: 'a drawing of 501 nodes and 0 edges is past the limit of 500 nodes and 2,000 edges',
      help: expect.stringContaining('--top'),
    });
  });

  test('what takes too long is ended, and the next drawing has its turn', async () => {
    await expect(draw(tangle(499, 1999), 'svg', signal, { timeLimit: 300 })).rejects.toMatchObject({
      code: 'VF_LIMIT',
      message: 'drawing 499 nodes and 1,999 edges takes longer than 300 ms',
      help: expect.stringContaining('--group'),
    });
    expect(await draw(tangle(3, 3), 'svg', signal)).toContain('</svg>');
  });

  test('what needs too much memory is ended, and the next drawing has its turn', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `n${i} [label="${'x'.repeat(15_000)}"];`);
    const large = { dot: ['digraph {', ...names, '}'], nodes: 300, edges: 0 };
    await expect(draw(large, 'svg', signal, { maxMemory: 20_000_000 })).rejects.toMatchObject({
      code: 'VF_LIMIT',
      message: 'drawing 300 nodes and 0 edges needs too much memory',
    });
    expect(await draw(large, 'svg', signal)).toContain('</svg>');
    expect(await draw(tangle(3, 3), 'svg', signal)).toContain('</svg>');
  });

  test('whoever asked may stop waiting, while it is drawn and while others are', async () => {
    const abort = new AbortController();
    const drawings = Array.from({ length: 5 }, () => draw(tangle(499, 1999), 'png', abort.signal));
    abort.abort(new Error('gone'));
    const ends = await Promise.allSettled(drawings);
    expect(ends.map((end) => end.status === 'rejected' && end.reason.message)).toEqual(drawings.map(() => 'gone'));
    expect(await draw(tangle(3, 3), 'svg', signal)).toContain('</svg>');
  });

  test('a process that has drawn comes to its end', () => {
    const module = new URL('../../../../consumers/query/drawing/draw.ts', import.meta.url);
    const code = `import { draw } from '${module}';
      const svg = await draw({ dot: ['digraph { a [shape=none_such] }'], nodes: 1, edges: 0 }, 'svg', AbortSignal.any([]));
      process.stdout.write(svg.slice(0, 4));`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 20_000 });
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '<svg', '']);
  });

  test('a DOT text that is none is an error', async () => {
    await expect(draw({ dot: ['digraph {'], nodes: 0, edges: 0 }, 'svg', signal)).rejects.toMatchObject({
      code: 'VF_QUERY',
    });
  });
});

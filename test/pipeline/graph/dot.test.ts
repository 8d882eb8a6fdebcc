// DOT text: golden cases, any name in and out of its quotes, and the same by Graphviz itself.
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphDot } from '../../../pipeline/graph/dot.ts';
import { quoteDot, quoteLabel } from '../../../pipeline/graph/dot-text.ts';
import { formatBytes, formatCount, portList } from '../../../pipeline/quantities.ts';
import type { Graph, GraphEdge } from '../../../schemas/graph.ts';
import { expectGolden, goldenCases } from '../../golden-files.ts';
import { parseDot } from '../../reference/dot-parser.ts';
import { readGraphJson } from '../../reference/graph-json.ts';

const text = (graph: Graph): string => [...graphDot(graph)].join('');

describe('golden graphs', () => {
  for (const { name, input } of goldenCases('dot')) {
    test(name, () => expectGolden('dot', `${name}.out`, text(readGraphJson(input))));
  }
});

const edge = (source: string, target: string): GraphEdge => ({
  ...{ source, target, action: 'ACCEPT', protocols: [6], ports: [443], flows: 1n, packets: 1n, bytes: 1n },
  ...{ bytes_observed: 1n, witnesses: 1, start: 0, stop: 1 },
});

const graphOfNames = (names: readonly string[]): Graph => ({
  ...{ start: 0, stop: 60_000, complete: true, watermark: 0, count: 'conversations', group: 'interface' },
  nodes: names.map((id) => ({ id, label: id, kind: 'interface', outside: false, bytes_in: 0n, bytes_out: 1n })),
  edges: names.map((name, i) => edge(name, names[(i + 1) % names.length])),
  others: { nodes: 0, edges: 0, bytes: 0n },
  totals: { nodes: names.length, edges: names.length, flows: 1n, packets: 1n, bytes: 1n },
});

/** XML 1.0, production 2: Char. */
const isXmlCharacter = (code: number): boolean =>
  [0x9, 0xa, 0xd].includes(code) ||
  (code >= 0x20 && code < 0xd800) ||
  (code >= 0xe000 && code < 0xfffe) ||
  code > 0xffff;

const anyName = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({ unit: fc.constantFrom(...'"\\\n\r\0\x1b\u2400\uffffuFnNa;]&<'), minLength: 1 }),
);
const anyNames = fc.uniqueArray(anyName, { minLength: 1, maxLength: 6 });

describe('any names', () => {
  test('survive a DOT parse', () => {
    fc.assert(
      fc.property(anyNames, (names) => {
        const statements = parseDot(text(graphOfNames(names))).slice(3);
        const nodes = statements.filter((statement) => statement.names.length === 1);
        expect(nodes.map((node) => node.names[0])).toEqual(names);
        expect(nodes.map((node) => node.attributes.label)).toEqual(names.map((name) => name.replaceAll('&', '&amp;')));
        const edges = statements.filter((statement) => statement.names.length === 2);
        expect(edges.map((one) => one.names)).toEqual(names.map((name, i) => [name, names[(i + 1) % names.length]]));
      }),
    );
  });

  test('stay as many nodes in Graphviz, and are drawn as they are', async () => {
    const graphviz = await Graphviz.load();
    // Graphviz takes HTML entities, and nothing below U+0020 can stand in XML; both are for drawn text only.
    const drawable = fc.string({
      unit: fc.constantFrom('"', '\\', '&', '<', '>', 'N', 'G', 'l', 'é', '1'),
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.uniqueArray(drawable, { minLength: 1, maxLength: 5 }), (names) => {
        const svg = graphviz.dot(text(graphOfNames(names)));
        const drawn = [...svg.matchAll(/<g id="node\d+" class="node">[\s\S]*?<text[^>]*>([^<]*)<\/text>/g)];
        expect(drawn.map(([, label]) => unescapeXml(label)).sort()).toEqual([...names].sort());
      }),
      { numRuns: 30 },
    );
  });

  test('of control characters are well-formed XML as SVG, and each shows what it holds', async () => {
    const graphviz = await Graphviz.load();
    const codes = [...Array.from({ length: 0x20 }, (_, code) => code), 0x7f, 0xfffe, 0xffff];
    const names = codes.flatMap((code) => [`x${String.fromCharCode(code)}y`]);
    const svg = graphviz.dot(text(graphOfNames([...names, 'x\u2401y', 'x\\\u2401y'])));
    const unwritable = [...svg].filter((character) => !isXmlCharacter(character.codePointAt(0) ?? 0));
    expect(unwritable).toEqual([]);
    const titles = [...svg.matchAll(/<g id="node\d+" class="node">\s*<title>([^<]*)</g)].map(([, title]) => title);
    expect(new Set(titles).size).toBe(names.length + 2);
    expect(titles).toContain('x\\\u2401y');
    expect(svg).toContain('>x\u2401y<'); // drawn without the backslash
  });

  test('give different IDs when they differ', () => {
    fc.assert(
      fc.property(anyNames, (names) => {
        expect(new Set(names.map(quoteDot)).size).toBe(names.length);
        expect(new Set(names.map(quoteLabel)).size).toBe(names.length);
      }),
    );
  });
});

const unescapeXml = (drawn: string): string =>
  drawn
    .replace(/&#(\d+);/g, (_all, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('\u00a0', ' ');

test.each([
  [0n, '0 B'],
  [999n, '999 B'],
  [1000n, '1.00 kB'],
  [999_999n, '999 kB'],
  [12_345_678n, '12.3 MB'],
  [1_400_000_000n, '1.40 GB'],
  [2n ** 63n, '9.22 EB'],
  [10n ** 25n, '10,000 ZB'],
])('%s bytes are %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));

test('counts have separators, and ports have names', () => {
  expect([formatCount(0), formatCount(999n), formatCount(1000), formatCount(1234567n)]).toEqual([
    ...['0', '999', '1,000', '1,234,567'],
  ]);
  expect(portList([443, 22, 8007, 53], 3)).toBe('https, ssh, 8007 +1');
  expect(portList([], 3)).toBe('');
});

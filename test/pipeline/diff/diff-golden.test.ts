// Golden differences by directory: rows of two windows in, JSON, CSV and DOT out; the same DOT drawn by Graphviz.
import { tmpdir } from 'node:os';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import { diffCsv } from '../../../pipeline/diff/diff-csv.ts';
import { diffDot } from '../../../pipeline/diff/diff-dot.ts';
import { diffJson } from '../../../pipeline/diff/diff-json.ts';
import type { DiffSqlQuestion } from '../../../pipeline/diff/diff-sql.ts';
import { ratioText } from '../../../pipeline/diff/diff-words.ts';
import { shardCompleteness } from '../../../pipeline/window/completeness.ts';
import type { ComparedWindow, Diff } from '../../../schemas/diff.ts';
import type { QueryEngine } from '../../../schemas/query.ts';
import { expectGolden, goldenCases } from '../../golden-files.ts';
import { parseDot } from '../../reference/dot-parser.ts';
import type { Row } from '../graph/ask-graph.ts';
import { flow } from '../graph/ask-graph.ts';
import { type AskedDiff, askDiff } from './ask-diff.ts';

let engine: QueryEngine;
beforeAll(async () => {
  engine = await openDuckDb({ directories: [tmpdir()] });
});
afterAll(() => engine.close());

type Short = readonly [string, string, number, string | null, number, string | null, number];
interface Case {
  readonly question: Partial<DiffSqlQuestion>;
  readonly window: readonly Short[];
  readonly against: readonly Short[];
}

const rowOf = ([eni, srcaddr, srcport, dstaddr, dstport, action, bytes]: Short): Row => ({
  ...flow(eni, srcaddr, ''),
  ...{ srcport, dstaddr, dstport, action, bytes },
});

const STOP = Date.parse('2026-11-20T14:20:00Z');
const MINUTE = 60_000;

async function diffOf({ question, window, against }: Case): Promise<Diff & Pick<AskedDiff, 'written'>> {
  const found = await askDiff(engine, { window: window.map(rowOf), against: against.map(rowOf) }, question);
  const minutes = question.minutes ?? { window: 15, against: 15 };
  const compared = (stop: number, length: number): ComparedWindow => ({
    asked: { start: stop - length * MINUTE, stop },
    compared: { start: stop - length * MINUTE, stop: stop - 2 * MINUTE },
    completeness: { ...shardCompleteness(new Map(), stop, 1_200_000, STOP), complete: true, watermark: STOP },
  });
  return {
    ...{ ...found, count: 'conversations', group: question.group ?? 'address' },
    window: compared(STOP, minutes.window),
    against: compared(STOP - minutes.window * MINUTE, minutes.against),
  };
}

async function* chunks<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += 2) yield items.slice(at, at + 2);
}

const textOf = async (pieces: AsyncIterable<string>): Promise<string> => (await Array.fromAsync(pieces)).join('');

describe('golden differences', () => {
  for (const { name, input } of goldenCases('diff')) {
    test(name, async () => {
      const diff = await diffOf(JSON.parse(input));
      const json = await textOf(diffJson(diff, diff.totals, chunks(await diff.written())));
      expect(() => JSON.parse(json)).not.toThrow();
      expectGolden('diff', `${name}.json`, json);
      expectGolden('diff', `${name}.csv`, await textOf(diffCsv(chunks(diff.differences))));
      expectGolden('diff', `${name}.dot`, [...diffDot(diff)].join(''));
    });
  }
});

describe('a drawing', () => {
  const every = () => goldenCases('diff').find(({ name }) => name === 'every-class')?.input ?? '';

  test('tells each class by its line alone, and by word, and has a legend', async () => {
    const statements = parseDot([...diffDot(await diffOf(JSON.parse(every())))].join(''));
    const edges = statements.filter(({ names }) => names.length === 2).map(({ attributes }) => attributes);
    const looks = new Map(edges.map((a) => [a.vpcflow_change, [a.style, a.color.split(':').length].join()]));
    expect([...looks.keys()].sort()).toEqual(['added', 'changed', 'flipped', 'removed']);
    expect(new Set(looks.values()).size).toBe(4);
    const words = { added: 'new', removed: 'gone', changed: '×3.2', flipped: ' → ' };
    for (const { vpcflow_change, label } of edges) expect(label).toContain(words[vpcflow_change as keyof typeof words]);
    const title = statements[0].attributes.label;
    for (const word of ['Blue', 'Grey', 'Orange', 'Violet', '1 unchanged edge not drawn'])
      expect(title).toContain(word);
  });

  test('is one that Graphviz draws, with every edge', async () => {
    const graphviz = await Graphviz.load();
    const diff = await diffOf(JSON.parse(every()));
    const svg = graphviz.dot([...diffDot(diff)].join(''));
    expect(svg.match(/class="edge"/g)).toHaveLength(diff.differences.length);
    expect(svg).toContain('ACCEPT → REJECT');
    expect(svg).not.toContain('<b>');
  });

  test('of very many edges labels the flipped and the heaviest', async () => {
    const to = (last: number): string => `10.0.0.${last}`;
    const window = Array.from({ length: 120 }, (_, i) => ['e', '10.1.1.1', 0, to(i), 443, 'ACCEPT', 1000 + i] as const);
    const diff = await diffOf({
      question: {},
      window: [...window, ['e', '10.1.1.1', 0, '10.9.9.9', 443, 'REJECT', 1]],
      against: [['e', '10.1.1.1', 0, '10.9.9.9', 443, 'ACCEPT', 1]],
    });
    const edges = parseDot([...diffDot(diff)].join('')).filter(({ names }) => names.length === 2);
    const labelled = edges.filter(({ attributes }) => attributes.label !== undefined).map(({ names }) => names[1]);
    expect(labelled).toHaveLength(80);
    expect(labelled).toContain('10.9.9.9');
    expect(labelled).toContain('10.0.0.119');
    expect(labelled).not.toContain('10.0.0.0');
  });
});

test.each([
  [3.2, '×3.2'],
  [0, '×0'],
  [0.4567, '×0.46'],
  [12.6, '×13'],
  [12_345, '×12,345'],
])('a ratio of %s is %s', (ratio, words) => expect(ratioText(ratio)).toBe(words));

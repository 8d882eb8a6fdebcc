// Turns the options of `diff` (from the command line or a URL) into a question about two windows, and what differs
// into the chosen format.
import { largestSumSql, type TwoWindows } from '../../../pipeline/diff/coded-rows.ts';
import { diffCsv } from '../../../pipeline/diff/diff-csv.ts';
import { diffDot } from '../../../pipeline/diff/diff-dot.ts';
import { diffJson } from '../../../pipeline/diff/diff-json.ts';
import { diffNodes } from '../../../pipeline/diff/diff-nodes.ts';
import { type DiffSqlQuestion, diffSql } from '../../../pipeline/diff/diff-sql.ts';
import { minutesOf } from '../../../pipeline/diff/diff-windows.ts';
import { type Lengths, type ReadDifference, readDifference, readTotals } from '../../../pipeline/diff/read-diff.ts';
import { integerOf } from '../../../pipeline/graph.ts';
import { formatCount } from '../../../pipeline/quantities.ts';
import type { Diff, DiffHead, DiffTotals } from '../../../schemas/diff.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import { draw } from '../drawing/draw.ts';
import { GRAPH_TYPES, type GraphOptions, knownGroup, MAX_EDGES } from './graph-question.ts';
import { openPair, type PairSource } from './pair-source.ts';
import type { Piece, Question } from './question.ts';
import { CONTENT_TYPES } from './rows-question.ts';

export const DIFF_FORMATS = ['json', 'csv', 'dot', 'svg', 'png'] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

export const DIFF_TYPES: Readonly<Record<DiffFormat, string>> = {
  ...{ json: GRAPH_TYPES.json, csv: CONTENT_TYPES.csv },
  ...{ dot: GRAPH_TYPES.dot, svg: GRAPH_TYPES.svg, png: GRAPH_TYPES.png },
};

export interface DiffOptions extends GraphOptions {
  readonly against: Window;
  /** Compares all minutes, those too that are not complete. */
  readonly incomplete: boolean;
  readonly format: DiffFormat;
}

/** Throws VF_BAD_PARAMETER for what cannot be asked, before anything is read. */
export function diffQuestion(options: DiffOptions): Question<PairSource> {
  const {
    window,
    against,
    lateness,
    incomplete,
    overlapping,
    format,
    group,
    internet,
    ownNetworks,
    top,
    count,
    where,
  } = options;
  knownGroup(group);
  return {
    ...{ window, lateness, tables: ['digests'], contentType: DIFF_TYPES[format], binary: format === 'png' },
    text: JSON.stringify([
      ...['diff', format, window, against, incomplete, overlapping, group, internet, ownNetworks, top, count],
      ...[where?.sql, where?.parameters.map(String)],
    ]),
    open: (service, signal) => openPair(service, { window, against }, { lateness, incomplete, overlapping, signal }),
    answer: (service, source, signal) => diffBody(service, source, options, signal),
  };
}

async function* diffBody(
  service: QueryService,
  { pair }: PairSource,
  options: DiffOptions,
  signal: AbortSignal,
): AsyncIterable<Piece> {
  const { group, internet, ownNetworks: own, top, count, where = null, format } = options;
  const known = knownGroup(group);
  const lengths = { window: minutesOf(pair.window.window), against: minutesOf(pair.against.window) };
  const windows = { window: pair.window.tables.digests, against: pair.against.tables.digests, where };
  const sums = await sumType(service, windows, signal);
  const sql = diffSql({ ...windows, minutes: lengths, sums, group: known, internet, own, top, count });
  const head: DiffHead = {
    window: { asked: options.window, compared: pair.window.window, completeness: pair.window.completeness },
    against: { asked: options.against, compared: pair.against.window, completeness: pair.against.completeness },
    ...{ count, group: known },
  };
  const result = await service.engine.run(sql, where?.parameters, signal);
  try {
    const { totals, differences } = await readRows(result.chunks, lengths);
    if (format === 'json') yield* diffJson(head, totals, differences);
    else if (format === 'csv') yield* diffCsv(differences);
    else {
      const drawn = await drawable(differences);
      const diff: Diff = {
        ...head,
        totals,
        differences: drawn,
        nodes: diffNodes(drawn, { group: known, internet, own }),
      };
      if (format === 'dot') yield* diffDot(diff);
      else yield await drawDiff(diff, format, signal);
    }
  } finally {
    await result.close();
  }
}

/** 64 bits hold every sum but those of windows that nobody has: then 128 do. */
async function sumType(
  service: QueryService,
  windows: TwoWindows,
  signal: AbortSignal,
): Promise<DiffSqlQuestion['sums']> {
  const { chunks } = await service.engine.run(largestSumSql(windows), windows.where?.parameters, signal);
  let largest = 0n;
  for await (const rows of chunks) for (const [value] of rows) largest = integerOf(value);
  return largest < 2n ** 63n ? 'BIGINT' : 'HUGEINT';
}

type Chunks = Awaited<ReturnType<QueryService['engine']['run']>>['chunks'];

interface ReadRows {
  readonly totals: DiffTotals;
  readonly differences: AsyncIterable<readonly ReadDifference[]>;
}

/** The first row has the totals; what is in its chunk behind it is given first. */
async function readRows(chunks: Chunks, lengths: Lengths): Promise<ReadRows> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done || first.value.length === 0) throw new TypeError('a diff gave no totals');
  const totals = readTotals(first.value[0]);
  const read = (row: (typeof first.value)[number]) => readDifference(row, totals.others, lengths);
  async function* differences(): AsyncGenerator<readonly ReadDifference[]> {
    if (!first.done) yield first.value.slice(1).map(read);
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value.map(read);
  }
  return { totals, differences: differences() };
}

const HELP =
  'ask for a coarser grouping (--group cidr24), fewer nodes (--top 30) or a filter, or for --format json or csv';

/** All of them, which a drawing needs. Throws VF_LIMIT past MAX_EDGES. */
async function drawable(differences: AsyncIterable<readonly ReadDifference[]>): Promise<ReadDifference[]> {
  const all: ReadDifference[] = [];
  for await (const some of differences) {
    all.push(...some);
    if (all.length > MAX_EDGES) {
      throw new VpcflowError('VF_LIMIT', `more than ${formatCount(MAX_EDGES)} edges differ`, { help: HELP });
    }
  }
  return all;
}

function drawDiff(diff: Diff, format: 'svg' | 'png', signal: AbortSignal): Promise<string | Uint8Array> {
  const picture = { dot: diffDot(diff), nodes: diff.nodes.length, edges: diff.differences.length };
  return draw(picture, format, signal, { help: () => HELP });
}

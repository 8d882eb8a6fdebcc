// Turns the options of `diff` (from the command line or a URL) into a question about two windows, and what differs
// into the chosen format.
import { largestSumSql, type TwoWindows } from '../../../pipeline/diff/coded-rows.ts';
import { comparedHeaders, comparedRemark } from '../../../pipeline/diff/compared-words.ts';
import { diffCsv } from '../../../pipeline/diff/diff-csv.ts';
import { diffDot } from '../../../pipeline/diff/diff-dot.ts';
import { diffJson } from '../../../pipeline/diff/diff-json.ts';
import { diffNodes } from '../../../pipeline/diff/diff-nodes.ts';
import { type DiffSqlQuestion, diffSql } from '../../../pipeline/diff/diff-sql.ts';
import { diffTextSql } from '../../../pipeline/diff/diff-text-sql.ts';
import { minutesOf } from '../../../pipeline/diff/diff-windows.ts';
import {
  type Lengths,
  type ReadDifference,
  readDifference,
  readTotals,
  readWritten,
  type WrittenDifference,
} from '../../../pipeline/diff/read-diff.ts';
import { integerOf } from '../../../pipeline/graph/graph.ts';
import { formatCount } from '../../../pipeline/quantities.ts';
import type { Diff, DiffHead, DiffTotals } from '../../../schemas/diff.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { DIFF_TYPES, type DiffFormat } from '../../../schemas/formats.ts';
import type { QueryValue, Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import { drawDiff, SMALLER_DIFF } from '../drawing/draw-diff.ts';
import { type GraphOptions, knownGroup, linkOf, MAX_EDGES } from './graph-question.ts';
import { openPair, type PairSource } from './pair-source.ts';
import type { Piece, Question } from './question.ts';

/** The two windows that are asked for, and how they are compared. */
export interface DiffAsked extends GraphOptions {
  readonly against: Window;
}

export interface DiffOptions extends DiffAsked {
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
      ...(format === 'svg' ? [options.linked] : []),
    ]),
    open: (service, signal) => openPair(service, { window, against }, { lateness, incomplete, overlapping, signal }),
    about: ({ pair, asked }) => {
      const compared = { window: pair.window.window, against: pair.against.window };
      return { headers: comparedHeaders(compared), remark: comparedRemark(asked, compared) };
    },
    answer: (service, source, signal) => diffBody(service, source, options, signal),
  };
}

async function* diffBody(
  service: QueryService,
  source: PairSource,
  options: DiffOptions,
  signal: AbortSignal,
): AsyncIterable<Piece> {
  const { format } = options;
  if (format === 'json' || format === 'csv') {
    yield* format === 'json' ? jsonBody(service, source, options, signal) : csvBody(service, source, options, signal);
    return;
  }
  const diff = await readDiff(service, source, options, signal);
  if (format === 'dot') yield* diffDot(diff);
  else yield await drawDiff(diff, format, signal, { link: linkOf(options) });
}

async function* jsonBody(...asked: DiffRun): AsyncGenerator<string> {
  const { head, totals, differences, close } = await runDiff(WRITTEN, ...asked);
  try {
    yield* diffJson(head, totals, differences);
  } finally {
    await close();
  }
}

async function* csvBody(...asked: DiffRun): AsyncGenerator<string> {
  const { differences, close } = await runDiff(VALUES, ...asked);
  try {
    yield* diffCsv(differences);
  } finally {
    await close();
  }
}

/**
 * What differs between the two windows of `source`, with the nodes that it lies between: what a drawing or a table is
 * made of. Throws VF_LIMIT past MAX_EDGES.
 */
export async function readDiff(
  service: QueryService,
  source: PairSource,
  options: DiffAsked,
  signal: AbortSignal,
): Promise<Diff> {
  const { group, internet, ownNetworks: own } = options;
  const { head, totals, differences, close } = await runDiff(VALUES, service, source, options, signal);
  try {
    const all = await drawable(differences);
    return { ...head, totals, differences: all, nodes: diffNodes(all, { group: knownGroup(group), internet, own }) };
  } finally {
    await close();
  }
}

/** How the engine is to give a difference, and what its rows are read into. */
interface Reading<T> {
  readonly sql: (rows: string) => string;
  readonly read: (row: readonly QueryValue[], lengths: Lengths) => T;
}

const VALUES: Reading<ReadDifference> = { sql: (rows) => rows, read: readDifference };
const WRITTEN: Reading<WrittenDifference> = { sql: diffTextSql, read: readWritten };

type DiffRun = [service: QueryService, source: PairSource, options: DiffAsked, signal: AbortSignal];

interface RunDiff<T> extends ReadRows<T> {
  readonly head: DiffHead;
  close(): Promise<void>;
}

/** What differs, row by row; `close` is to be called in any case. */
async function runDiff<T>(reading: Reading<T>, ...[service, { pair }, options, signal]: DiffRun): Promise<RunDiff<T>> {
  const { group, internet, ownNetworks: own, top, count, where = null } = options;
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
  const result = await service.engine.run(reading.sql(sql), where?.parameters, signal);
  try {
    return {
      head,
      ...(await readRows(result.chunks, (row) => reading.read(row, lengths))),
      close: () => result.close(),
    };
  } catch (error) {
    await result.close();
    throw error;
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

interface ReadRows<T> {
  readonly totals: DiffTotals;
  readonly differences: AsyncIterable<readonly T[]>;
}

/** The first row has the totals; what is in its chunk behind it is given first. */
async function readRows<T>(chunks: Chunks, read: (row: readonly QueryValue[]) => T): Promise<ReadRows<T>> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done || first.value.length === 0) throw new TypeError('a diff gave no totals');
  const totals = readTotals(first.value[0]);
  async function* differences(): AsyncGenerator<readonly T[]> {
    if (!first.done) yield first.value.slice(1).map((row) => read(row));
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      yield next.value.map((row) => read(row));
  }
  return { totals, differences: differences() };
}

/** All of them, which a drawing needs. Throws VF_LIMIT past MAX_EDGES. */
async function drawable(differences: AsyncIterable<readonly ReadDifference[]>): Promise<ReadDifference[]> {
  const all: ReadDifference[] = [];
  for await (const some of differences) {
    all.push(...some);
    if (all.length > MAX_EDGES) {
      throw new VpcflowError('VF_LIMIT', `more than ${formatCount(MAX_EDGES)} edges differ`, {
        help: SMALLER_DIFF,
      });
    }
  }
  return all;
}

// Asks the real engine what differs between the rows of two windows that a test names, without any file.

import { largestSumSql } from '../../../pipeline/diff/coded-rows.ts';
import { diffNodes } from '../../../pipeline/diff/diff-nodes.ts';
import { type DiffSqlQuestion, diffSql } from '../../../pipeline/diff/diff-sql.ts';
import { diffTextSql } from '../../../pipeline/diff/diff-text-sql.ts';
import {
  type ReadDifference,
  readDifference,
  readTotals,
  readWritten,
  type WrittenDifference,
} from '../../../pipeline/diff/read-diff.ts';
import { integerOf } from '../../../pipeline/graph/graph.ts';
import type { Diff, DiffHead } from '../../../schemas/diff.ts';
import { DEFAULT_OWN_NETWORKS } from '../../../schemas/graph.ts';
import type { QueryEngine, QueryValue } from '../../../schemas/query.ts';
import { type Row, sourceOf } from '../graph/ask-graph.ts';

export interface AskedDiff extends Omit<Diff, keyof DiffHead> {
  readonly differences: readonly ReadDifference[];
  /** The same as text. */
  written(): Promise<WrittenDifference[]>;
}

/** By address and uncut, of windows of one length, unless `question` says otherwise. */
export async function askDiff(
  engine: QueryEngine,
  rows: { readonly window: readonly Row[]; readonly against: readonly Row[] },
  question: Partial<DiffSqlQuestion> = {},
): Promise<AskedDiff> {
  const asked: DiffSqlQuestion = {
    ...{
      group: 'address',
      internet: 'each',
      own: DEFAULT_OWN_NETWORKS,
      where: null,
      count: 'conversations',
      top: null,
    },
    ...{ minutes: { window: 15, against: 15 }, sums: 'HUGEINT' },
    ...question,
    ...{ window: sourceOf(rows.window), against: sourceOf(rows.against) },
  };
  const largest = await valuesOf(engine, largestSumSql(asked), asked);
  const sums = integerOf(largest[0][0]) < 2n ** 63n ? 'BIGINT' : 'HUGEINT';
  const sql = diffSql({ ...asked, sums, ...question });
  const values = await valuesOf(engine, sql, asked);
  const totals = readTotals(values[0]);
  const differences = values.slice(1).map((row) => readDifference(row, asked.minutes));
  const written = async () => {
    const [, ...lines] = await valuesOf(engine, diffTextSql(sql), asked);
    return lines.map((row) => readWritten(row, asked.minutes));
  };
  return { totals, differences, nodes: diffNodes(differences, asked), written };
}

async function valuesOf(
  engine: QueryEngine,
  sql: string,
  { where }: DiffSqlQuestion,
): Promise<(readonly QueryValue[])[]> {
  const { chunks } = await engine.run(sql, where?.parameters);
  const values: (readonly QueryValue[])[] = [];
  for await (const chunk of chunks) values.push(...chunk);
  return values;
}

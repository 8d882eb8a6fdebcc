// Asks the real engine what differs between the rows of two windows that a test names, without any file.
import { diffNodes } from '../../../pipeline/diff/diff-nodes.ts';
import { type DiffSqlQuestion, diffSql } from '../../../pipeline/diff/diff-sql.ts';
import { type ReadDifference, readDifference, readTotals } from '../../../pipeline/diff/read-diff.ts';
import type { Diff, DiffHead } from '../../../schemas/diff.ts';
import { DEFAULT_OWN_NETWORKS } from '../../../schemas/graph.ts';
import type { QueryEngine, QueryValue } from '../../../schemas/query.ts';
import { type Row, sourceOf } from '../ask-graph.ts';

export interface AskedDiff extends Omit<Diff, keyof DiffHead> {
  readonly differences: readonly ReadDifference[];
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
    minutes: { window: 15, against: 15 },
    ...question,
    ...{ window: sourceOf(rows.window), against: sourceOf(rows.against) },
  };
  const result = await engine.run(diffSql(asked), asked.where?.parameters);
  const values: (readonly QueryValue[])[] = [];
  for await (const chunk of result.chunks) values.push(...chunk);
  const totals = readTotals(values[0]);
  const differences = values.slice(1).map((row) => readDifference(row, totals.others, asked.minutes));
  return { totals, differences, nodes: diffNodes(differences, asked) };
}

// Turns "a series of this window" into the one SQL statement that answers it: what was counted in each step, by action.
import type { Counting } from '../../schemas/graph.ts';
import type { Window } from '../../schemas/query.ts';
import type { Condition } from '../filter/condition.ts';
import { WITNESS } from '../graph/address-owners.ts';
import { BEST_WITNESS, CONVERSATION } from '../graph/conversations.ts';
import type { Statement } from '../rows/rows-sql.ts';

export interface SeriesQuestion {
  readonly window: Window;
  readonly where: Condition | null;
  readonly count: Counting;
  /** Length of a step, ms. */
  readonly step: number;
}

/**
 * One row a step and action: minute (the first of the step; steps are counted from 1970-01-01T00:00Z, so that the first
 * may begin before the window), action, flows, packets, bytes; by time, then by action, NULL last. A step without rows
 * is not there. Of a conversation the same interface counts in every step as in the graph of the window: its sums are
 * the graph's totals. What began before the window is in the first step.
 */
export function seriesSql(table: string, { window, where, count, step }: SeriesQuestion): Omit<Statement, 'columns'> {
  const rows = `${table} AS digest${where === null ? '' : ` WHERE ${where.sql}`}`;
  const minute = `greatest(epoch_ms(minute), ${window.start}) // ${step} * ${step}`;
  const sums = 'sum(flows) AS flows, coalesce(sum(packets), 0) AS packets, coalesce(sum(bytes), 0) AS bytes';
  const parameters = where?.parameters ?? [];
  const ordered = 'ORDER BY 1, action NULLS LAST';
  if (count === 'observed') {
    const sql = `SELECT epoch_ms(${minute}) AS minute, action, ${sums} FROM ${rows} GROUP BY 1, action ${ordered}`;
    return { sql, parameters };
  }
  const keys = [...CONVERSATION.split(', '), 'account_id', 'witness'];
  const same = keys.map((key) => `l.${key} IS NOT DISTINCT FROM o.${key}`).join(' AND ');
  const sql = `WITH logged AS MATERIALIZED (
  SELECT ${CONVERSATION}, account_id, ${WITNESS} AS witness, ${minute} AS step, ${sums}
  FROM ${rows} GROUP BY ALL),
others AS (
  SELECT ${CONVERSATION}, account_id, witness
  FROM (
    SELECT ${CONVERSATION}, account_id, witness, sum(bytes) AS bytes, sum(packets) AS packets
    FROM logged WHERE srcaddr IS NOT NULL AND dstaddr IS NOT NULL GROUP BY ALL)
  QUALIFY row_number() OVER (PARTITION BY ${CONVERSATION} ORDER BY ${BEST_WITNESS}) > 1)
SELECT epoch_ms(step) AS minute, action, sum(flows) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM logged l ANTI JOIN others o ON ${same} GROUP BY step, action ${ordered}`;
  return { sql, parameters };
}

// Turns "what is there evidence for" into one SQL statement: coverage lines, and the flows that prove a line was logged.
import { COVERAGE_COLUMNS } from '../../schemas/columns.ts';
import type { Statement } from './rows-sql.ts';

/**
 * One row per minute, account, interface and log status, with how many lines say so and the latest `end` among them.
 * Merged flows are evidence of the status OK. Sorted by those four, NULL first.
 */
export function coverageSql(coverage: string, digests: string): Statement {
  const keys = ['minute', 'account_id', 'interface_id', 'log_status'];
  return {
    sql: `SELECT ${keys.join(', ')}, CAST(sum(records) AS BIGINT) AS records, max("end") AS "end"
FROM (
  SELECT ${keys.join(', ')}, records, "end" FROM ${coverage} AS coverage
  UNION ALL
  SELECT minute, account_id, interface_id, 'OK' AS log_status, flows AS records, "end" FROM ${digests} AS digest
) AS evidence
GROUP BY ${keys.join(', ')}
ORDER BY ${keys.map((key) => `${key} ASC NULLS FIRST`).join(', ')}`,
    parameters: [],
    columns: COVERAGE_COLUMNS,
  };
}

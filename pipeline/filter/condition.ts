// What a filter is compiled to: a condition on digest rows, as SQL with bound parameters.
import type { QueryParameter } from '../../schemas/query.ts';

/** SQL text with `?` for each of its parameters; it names columns as `digest."bytes"`. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
}

/** The rows of a table expression that meet the condition, as a table expression; its parameters come before others. */
export const filteredTable = (table: string, condition: Condition | null): string =>
  condition === null ? table : `(SELECT * FROM ${table} AS digest WHERE ${condition.sql})`;

// What a filter is compiled to: a condition on digest rows, as SQL with bound parameters.
import type { QueryParameter } from '../../schemas/query.ts';

/** SQL text with `?` for each of its parameters; it names columns as `digest."bytes"`. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
}

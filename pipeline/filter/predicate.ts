// What a filter asks, with names resolved and values read: the tree that every dialect of SQL is written from.
import type { Network } from '../address/networks.ts';

/** What a column is compared with: a whole number, a text, or a time in Unix ms. */
export type Scalar =
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'time'; readonly value: number };

export type Order = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** Of a NULL everything is false but `null`; `not` is true of whatever its part is not. */
export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Predicate[] }
  | { readonly kind: 'not'; readonly part: Predicate }
  | { readonly kind: 'null'; readonly column: string; readonly isNull: boolean }
  | { readonly kind: 'compare'; readonly column: string; readonly order: Order; readonly value: Scalar }
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly Scalar[] }
  | { readonly kind: 'contains'; readonly column: string; readonly part: string }
  | { readonly kind: 'networks'; readonly column: string; readonly networks: readonly Network[] };

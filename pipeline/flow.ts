// One parsed line as numbers: what the line parser fills and the digest merges, with no allocation per line.
import { KEY_FIELDS, SUM_FIELDS } from '../schemas/columns.ts';

/** NULL in a key word and in every measure: no valid value is negative. */
export const NULL = -1;

/** Reused for every line. The parser that fills it says in `columns` which key words its format can set. */
export class Flow {
  /** Key words in KEY_FIELDS order: a string pool id, an integer, or NULL. */
  readonly keys: Int32Array = new Int32Array(KEY_FIELDS.length).fill(NULL);
  /** The ascending indices of `keys` that the line's format has; every other word is NULL. */
  columns: Int32Array = new Int32Array(0);
  minute = 0; // Unix seconds / 60, truncated
  start = NULL; // Unix seconds
  end = NULL; // Unix seconds
  /** SUM_FIELDS order: packets, bytes, packets_lost_*; at most 2^53 - 1 each. */
  readonly sums: Float64Array = new Float64Array(SUM_FIELDS.length).fill(NULL);
  tcpFlags = NULL;
}

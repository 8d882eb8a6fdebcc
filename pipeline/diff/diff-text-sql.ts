// Turns the rows of `diffSql` into the JSON text of each difference, inside the engine: a million edges are some hundred
// thousand differences with two dozen values each, and to take every value out of the engine costs more than its text.
//
// Only the ratio is not written here, because a number with a fraction is written as JavaScript writes it.
import { DIFF_CLASSES } from '../../schemas/diff.ts';

const [CHANGED, FLIPPED] = [DIFF_CLASSES.indexOf('changed') + 1, DIFF_CLASSES.indexOf('flipped') + 1];

const MEASURES = ['flows', 'packets', 'bytes', 'bytes_observed', 'witnesses', 'start', 'stop'];

/** The members of an edge besides its nodes and action; no text where there is no edge. */
function members(side: string): string {
  const list = (name: string): string => `'"${name}":[', array_to_string(${side}_${name}, ','), ']'`;
  const number = (name: string): string => `',"${name}":', coalesce(${side}_${name}::VARCHAR, 'null')`;
  const all = [list('protocols'), `','`, list('ports'), ...MEASURES.map(number)];
  return `CASE WHEN ${side}_witnesses IS NOT NULL THEN concat(${all.join(', ')}) ELSE '' END AS ${side}`;
}

const quoted = (name: string): string => `coalesce(to_json(${name})::VARCHAR, 'null')`;

/**
 * SQL whose rows are, in the order of `rows`: class, text, rest, bytes_before, bytes_after, totals. An edge that is on one
 * side only is `text`; of others the ratio comes between `text` and `rest`.
 * @param rows what `diffSql` gives.
 */
export const diffTextSql = (rows: string): string => `SELECT class,
  concat('{"source":', source, ',"target":', target, CASE class
    WHEN ${CHANGED} THEN concat(',"action":', action_before, ',"before":{', before, '},"after":{', after, '},"ratio":')
    WHEN ${FLIPPED} THEN concat(',"before":', action_before, ',"after":', action_after, ',"ratio":')
    ELSE concat(',"action":', CASE WHEN before = '' THEN action_after ELSE action_before END, ',', before, after, '}') END) AS text,
  CASE class WHEN ${CHANGED} THEN '}' WHEN ${FLIPPED} THEN concat(',"edges":{"before":{', before, '},"after":{', after, '}}}') END AS rest,
  bytes_before, bytes_after, totals
FROM (
  SELECT class, ${quoted('source')} AS source, ${quoted('target')} AS target,
         ${quoted('before_action')} AS action_before, ${quoted('after_action')} AS action_after,
         ${members('before')},
         ${members('after')},
         before_bytes AS bytes_before, after_bytes AS bytes_after, totals
  FROM (${rows}))`;

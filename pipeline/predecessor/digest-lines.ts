// Turns the rows of a window into the SQL of the lines that vpcflow-digesterd made of it.
import { linesSql, type Statement } from '../rows/rows-sql.ts';

/**
 * Version 2 lines merged over the whole window by account, interface, addresses, ports, protocol and action, with the
 * ports folded by the predecessor's rule: the larger of the two becomes 0, on equal ports the source's (ReaderDigester
 * of go-vpcflow, as vpcflow-grapherd used it). Minute rows keep both ports of a rejected scan of high ports, and of
 * everything with `--ports all`; those are folded here. A port that is 0 already was folded before, one that is NULL
 * was not logged: then the other stays. Sorted by these columns in their order, NULL first; the measures of a line, its
 * start and end too, are those of its own flows. The columns are those of `linesSql`.
 */
export const digestLinesSql = (table: string): Statement =>
  linesSql(`(SELECT * REPLACE (${SOURCE} AS srcport, ${DESTINATION} AS dstport) FROM ${table})`, {
    top: null,
    where: null,
  });

const SOURCE = 'CASE WHEN dstport > 0 AND srcport >= dstport THEN 0 ELSE srcport END';
const DESTINATION = 'CASE WHEN srcport > 0 AND dstport > srcport THEN 0 ELSE dstport END';

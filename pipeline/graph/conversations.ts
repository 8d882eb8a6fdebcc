// Turns "a graph of this window" into the SQL that answers it: conversations, groups, --top, sums.
//
// The steps, the first a statement of its own (so that what it needs is given back before the others begin: in one
// statement they spill, and take twice the time), the others common table expressions:
//   logged    rows summed per conversation (addresses, ports, protocol, action) and interface: its witness
//   counted   one witness of each conversation counts: most bytes, then most packets, then the smaller interface id;
//             without both addresses the other witness of a flow cannot be told from another flow: all count
//   kept      the N nodes with most bytes in and out, then by name; NULL stands for every other node from here on
//   sums      one row per source, target and action
// Folding is done here and not on the edges: how many distinct interfaces saw a folded edge is not in the edges any
// more, and a million edges never have to leave the engine.

import { type Counting, type KnownGrouping, MAX_EDGE_PORTS } from '../../schemas/graph.ts';
import type { QueryStep } from '../../schemas/query.ts';
import type { Condition } from '../filter/condition.ts';
import { DIRECTIONS, WITNESS } from './address-owners.ts';
import { type Grouped, groupsSql, hasOwners } from './graph-groups.ts';

export interface GraphQuestion extends Grouped {
  /** What follows FROM: yields digest rows of the window, with the names of DIGEST_COLUMNS. */
  readonly source: string;
  /**
   * Rows that do not meet it are as if they had never been logged, except that addresses belong to the same groups with
   * every condition; its parameters are those of the first statement.
   */
  readonly where?: Condition | null;
  readonly count: Counting;
  /** How many nodes are kept; null: all. */
  readonly top: number | null;
  /** More edges than this are cut off (the reader asks for one more than it takes, to notice). */
  readonly limit: number;
}

/** A digest row without an address, as a node. */
export const UNKNOWN_NODE = 'unknown';

export const CONVERSATION = 'srcaddr, dstaddr, srcport, dstport, protocol, action';

/** The order of the witnesses of a conversation: the first one counts. */
export const BEST_WITNESS = 'bytes DESC, packets DESC, witness NULLS LAST, account_id NULLS LAST';

/** The same order as one value, the smallest for the first: an aggregate of it takes half the time of a window. */
const BEST_WITNESS_KEY = `{b: -bytes, p: -packets, wn: witness IS NULL, w: coalesce(witness, ''),
             an: account_id IS NULL, a: coalesce(account_id, '')}`;

/**
 * The service port of a row: the one that was not folded; where both are there (a rejected scan of high ports, or
 * `--ports all`) the one that folding would keep, and for such a scan the one that was scanned.
 */
const PORT = `CASE WHEN coalesce(srcport, 0) = 0 THEN dstport WHEN coalesce(dstport, 0) = 0 THEN srcport
       WHEN action = 'REJECT' AND dstport > srcport THEN dstport ELSE least(srcport, dstport) END`;

/** The statements of a graph, to be run in this order on one connection. */
export interface GraphStatements {
  /** Its rows are kept as the table `logged`, and its parameters are those of the condition. */
  readonly logged: QueryStep;
  readonly edges: string;
}

/**
 * SQL whose last rows are edges: source, target (NULL: folded), action, source_grouped, target_grouped (whether the id
 * names a group, not an address), protocols, ports, flows, packets, bytes, bytes_observed, witnesses, start, stop,
 * edges (how many were folded into it), nodes (of the whole graph). Sorted by source, target, action; NULL last.
 */
export function graphSql(question: GraphQuestion): GraphStatements {
  const { source: all, where = null, group, count, top, limit } = question;
  const asked = 'SELECT srcaddr AS address FROM logged UNION ALL SELECT dstaddr FROM logged';
  const groups = groupsSql(question, all, asked, where === null ? 'logged' : undefined);
  const hasGroups = groups.length > 0;
  const steps = [...groups, counted(count, hasGroups), ...(top === null ? ALL_KEPT : keep(top)), SUMS];
  const edges = `WITH ${steps.join(',\n')}
SELECT s.source, s.target, s.action, ${grouped('s.source', hasGroups)} AS source_grouped, ${grouped('s.target', hasGroups)} AS target_grouped,
       s.protocols, coalesce(p.ports, []) AS ports, s.flows, s.packets, s.bytes, s.bytes_observed, s.witnesses, s."start", s.stop,
       e.edges, (SELECT count(*) FROM weights) AS nodes
FROM sums s
JOIN folds e ON ${sameEdge('s', 'e')}
LEFT JOIN ports p ON ${sameEdge('s', 'p')}
ORDER BY s.source NULLS LAST, s.target NULLS LAST, s.action NULLS LAST
LIMIT ${limit}`;
  const chosen = where === null ? all : `(SELECT * FROM ${all} AS digest WHERE ${where.sql})`;
  return { logged: { name: 'logged', sql: logged(chosen, group), parameters: where?.parameters ?? [] }, edges };
}

const sameEdge = (a: string, b: string): string =>
  ['source', 'target', 'action'].map((name) => `${a}.${name} IS NOT DISTINCT FROM ${b}.${name}`).join(' AND ');

const grouped = (id: string, hasGroups: boolean): string =>
  hasGroups ? `coalesce(${id} IN (SELECT id FROM groups), false)` : 'false';

function logged(source: string, group: KnownGrouping): string {
  const directed = `,
       ${DIRECTIONS}`;
  return `SELECT ${CONVERSATION}, account_id, ${WITNESS} AS witness, sum(flows) AS flows,
       coalesce(sum(packets), 0) AS packets, coalesce(sum(bytes), 0) AS bytes,
       min("start") AS "start", max("end") AS stop${hasOwners(group) ? directed : ''}
FROM ${source} GROUP BY ALL`;
}

function counted(count: Counting, hasGroups: boolean): string {
  const counts =
    count === 'observed'
      ? 'true'
      : `srcaddr IS NULL OR dstaddr IS NULL OR rowid IN (
           SELECT arg_min(rowid, ${BEST_WITNESS_KEY}) FROM logged GROUP BY ${CONVERSATION})`;
  const id = (side: string, address: string): string =>
    hasGroups ? `coalesce(${side}.id, ${address}, '${UNKNOWN_NODE}')` : `coalesce(${address}, '${UNKNOWN_NODE}')`;
  const joins = hasGroups
    ? '\n  LEFT JOIN groups sg ON sg.address = srcaddr LEFT JOIN groups tg ON tg.address = dstaddr'
    : '';
  return `winners AS (SELECT *, ${counts} AS counts FROM logged),
counted AS MATERIALIZED (
  SELECT ${id('sg', 'srcaddr')} AS source, ${id('tg', 'dstaddr')} AS target, action, protocol,
         ${PORT} AS port, coalesce(account_id, '') || ' ' || coalesce(witness, '') AS witness,
         CASE WHEN counts THEN flows ELSE 0 END AS flows, CASE WHEN counts THEN packets ELSE 0 END AS packets,
         CASE WHEN counts THEN bytes ELSE 0 END AS bytes, bytes AS bytes_observed, "start", stop
  FROM winners${joins}),
whole AS MATERIALIZED (SELECT source, target, action, sum(bytes) AS bytes FROM counted GROUP BY ALL),
weights AS MATERIALIZED (
  SELECT id, sum(bytes) AS bytes
  FROM (SELECT source AS id, bytes FROM whole UNION ALL SELECT target, bytes FROM whole) GROUP BY id)`;
}

const ALL_KEPT = [
  'folded AS (SELECT * FROM counted)',
  'folds AS (SELECT source, target, action, 1 AS edges FROM whole)',
];

const keep = (top: number): string[] => [
  `kept AS MATERIALIZED (SELECT id FROM weights ORDER BY bytes DESC, id LIMIT ${top})`,
  `folded AS MATERIALIZED (
  SELECT s.id AS source, t.id AS target, c.* EXCLUDE (source, target)
  FROM counted c LEFT JOIN kept s ON s.id = c.source LEFT JOIN kept t ON t.id = c.target)`,
  `folds AS (
  SELECT s.id AS source, t.id AS target, w.action, count(*) AS edges
  FROM whole w LEFT JOIN kept s ON s.id = w.source LEFT JOIN kept t ON t.id = w.target GROUP BY ALL)`,
];

const SUMS = `sums AS (
  SELECT source, target, action, list_sort(list(DISTINCT protocol)) AS protocols, sum(flows) AS flows,
         sum(packets) AS packets, sum(bytes) AS bytes, sum(bytes_observed) AS bytes_observed,
         count(DISTINCT witness) AS witnesses, min("start") AS "start", max(stop) AS stop
  FROM folded GROUP BY source, target, action),
by_port AS (
  SELECT source, target, action, port, sum(bytes) AS bytes FROM folded WHERE port > 0 GROUP BY ALL),
ports AS (
  SELECT source, target, action, arg_max(port, bytes * 65536 + 65535 - port, ${MAX_EDGE_PORTS}) AS ports
  FROM by_port GROUP BY source, target, action)`;

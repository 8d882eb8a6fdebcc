// Turns "what differs between two windows" into the one SQL statement that answers it, a row for each difference.
//
// The steps, each a common table expression, all in numbers (coded-rows.ts):
//   sightings  rows summed per window, conversation and witness
//   counted    one witness of each conversation counts, as in the graph (conversations.ts)
//   halves     one row per window, source, target and action
//   paired     the halves of both windows side by side (a full outer join), each with its class
//   flips      an edge that is gone and one that is new between the same two nodes, of which one was ACCEPT, one REJECT
//   described  the halves that differ, with protocols, ports, times and witnesses
// Neither graph ever leaves the engine: the rows come sorted by class, source and target.

import { type Counting, MAX_EDGE_PORTS } from '../../schemas/graph.ts';
import type { Grouped } from '../graph/graph-groups.ts';
import { codedRows, type TwoWindows } from './coded-rows.ts';

export interface DiffSqlQuestion extends TwoWindows, Grouped {
  readonly count: Counting;
  /** How many nodes are kept, by their bytes in both windows; null: all. */
  readonly top: number | null;
  /** What holds every sum of the rows that are asked about, see `largestSumSql`: the narrower, the less is to be moved. */
  readonly sums: 'BIGINT' | 'HUGEINT';
  /** Lengths of the two windows: what is compared is a minute's share. */
  readonly minutes: { readonly window: number; readonly against: number };
}

/** Of what has no row. The others are those of DIFF_CLASSES, from 1 on, after the one row of totals. */
const UNCHANGED = 5;

/** The number of the node into which all others are folded: after every other. */
const FOLDED = 2_147_483_647;

/** What that is called, as `othersName` says. */
const OTHERS = `(SELECT '+' || (totals[1] - totals[2]) || ' others' FROM diff_totals)`;

const CONVERSATION = 'src, dst, srcport, dstport, protocol, action';
const EDGE = 'source, target, action';
const MEASURES = ['flows', 'packets', 'bytes'] as const;

/** A measure where it counts. */
const counting = (name: string): string => `CASE WHEN counts THEN ${name} ELSE 0 END`;

/** As in the graph: what is no REJECT has the port that folding would keep. */
const PORT = `CASE WHEN coalesce(srcport, 0) = 0 THEN dstport WHEN coalesce(dstport, 0) = 0 THEN srcport
       WHEN action = (SELECT code FROM actions WHERE action = 'REJECT') AND dstport > srcport THEN dstport
       ELSE least(srcport, dstport) END`;

/**
 * SQL whose rows are: class (0: totals, then DIFF_CLASSES), source, target, source_grouped, target_grouped (NULL: what
 * `--top` folds), then of the edge before and of the edge after (NULL where there is none): action, protocols, ports, flows, packets, bytes,
 * bytes_observed, witnesses, start, stop; then `totals`, a list that only the first row has, see `readTotals`.
 * The parameters are those of the condition.
 */
export function diffSql(question: DiffSqlQuestion): string {
  const { count, top, minutes } = question;
  const steps = [
    ...codedRows(question, question),
    ...counted(count, question.group !== 'address' || question.internet === 'one', question.sums),
    ...(top === null ? ALL_KEPT : keep(top)),
    ...paired(minutes, question.sums),
    ...detailed(question.sums),
    totals(top !== null),
  ];
  const side = (of: string) => `${of}_action.action AS ${of}_action, ${described(of)}`;
  return `WITH ${steps.join(',\n')}
SELECT * EXCLUDE (source_code, target_code, code, totals), totals FROM (
  SELECT class, coalesce(s.name, ${OTHERS}) AS source, coalesce(t.name, ${OTHERS}) AS target, s.grouped AS source_grouped, t.grouped AS target_grouped,
         ${side('before')},
         ${side('after')}, NULL AS totals, d.source AS source_code, d.target AS target_code, coalesce(d.before, d.after) AS code
  FROM differences d
  LEFT JOIN nodes s ON s.node = d.source
  LEFT JOIN nodes t ON t.node = d.target
  LEFT JOIN described before ON NOT before.later AND before.source = d.source AND before.target = d.target AND before.action = d.before
  LEFT JOIN described after ON after.later AND after.source = d.source AND after.target = d.target AND after.action = d.after
  LEFT JOIN actions before_action ON before_action.code = d.before
  LEFT JOIN actions after_action ON after_action.code = d.after
  UNION ALL BY NAME
  SELECT 0 AS class, totals FROM diff_totals)
ORDER BY class, source_code, target_code, code`;
}

const described = (of: string): string =>
  ['protocols', 'ports', ...MEASURES, 'bytes_observed', 'witnesses', '"start"', 'stop']
    .map((name) => `${of}.${name} AS ${of}_${name.replaceAll('"', '')}`)
    .join(', ');

function counted(count: Counting, hasGroups: boolean, sums: string): string[] {
  const counts =
    count === 'observed'
      ? 'true'
      : `src = 0 OR dst = 0 OR row_number() OVER (PARTITION BY ${CONVERSATION} ORDER BY bytes DESC, packets DESC, witness) = 1`;
  const node = (code: string, place: string): string =>
    hasGroups
      ? `${place}.node`
      : `CASE WHEN ${code} = 0 THEN (SELECT node FROM places WHERE code = 0) ELSE ${code} END`;
  // A window at a time, so that one hash table has to fit into memory, and not both.
  const ofWindow = (later: boolean): string => `
  SELECT ${later} AS later, ${node('src', 's')} AS source, ${node('dst', 't')} AS target, action, protocol, ${PORT} AS port, witness,
         flows, packets, bytes, counts, "start", stop
  FROM (SELECT *, ${counts} AS counts FROM (
    SELECT ${CONVERSATION}, witness, ${MEASURES.map((name) => `coalesce(sum(${name}), 0)::${sums} AS ${name}`).join(', ')},
           min("start") AS "start", max(stop) AS stop
    FROM coded WHERE later = ${later} GROUP BY ALL))
  ${hasGroups ? 'JOIN places s ON s.code = src JOIN places t ON t.code = dst' : ''}`;
  return [`counted AS MATERIALIZED (${ofWindow(false)}\n  UNION ALL${ofWindow(true)})`];
}

const ALL_KEPT = ['folded AS NOT MATERIALIZED (SELECT * FROM counted)', 'kept AS (SELECT node FROM nodes)'];

const keep = (top: number): string[] => [
  `kept AS MATERIALIZED (
  SELECT node FROM (
    SELECT source AS node, ${counting('bytes')} AS bytes FROM counted UNION ALL SELECT target, ${counting('bytes')} FROM counted)
  GROUP BY node ORDER BY sum(bytes) DESC, node LIMIT ${top})`,
  `folded AS MATERIALIZED (
  SELECT c.* REPLACE (coalesce(s.node, ${FOLDED}) AS source, coalesce(t.node, ${FOLDED}) AS target)
  FROM counted c LEFT JOIN kept s ON s.node = c.source LEFT JOIN kept t ON t.node = c.target)`,
];

function paired({ window, against }: DiffSqlQuestion['minutes'], type: DiffSqlQuestion['sums']): string[] {
  const share = window === against ? ['', ''] : [`::HUGEINT * ${against}`, `::HUGEINT * ${window}`];
  const same = MEASURES.map((name) => `a.${name}${share[0]} = b.${name}${share[1]}`).join(' AND ');
  const sides = MEASURES.flatMap((name) => [`b.${name} AS before_${name}`, `a.${name} AS after_${name}`]).join(', ');
  const flippable = `action IN (SELECT code FROM actions WHERE action IN ('ACCEPT', 'REJECT'))`;
  return [
    `halves AS MATERIALIZED (
  SELECT later, ${EDGE}, ${MEASURES.map((name) => `sum(${counting(name)})::${type} AS ${name}`).join(', ')}
  FROM folded GROUP BY later, ${EDGE})`,
    `paired AS MATERIALIZED (
  SELECT coalesce(a.source, b.source) AS source, coalesce(a.target, b.target) AS target,
         coalesce(a.action, b.action) AS action, ${sides},
         CASE WHEN b.source IS NULL THEN 1 WHEN a.source IS NULL THEN 2 WHEN ${same} THEN ${UNCHANGED} ELSE 3 END AS class
  FROM (SELECT * FROM halves WHERE later) a
  FULL OUTER JOIN (SELECT * FROM halves WHERE NOT later) b USING (${EDGE}))`,
    `flips AS MATERIALIZED (
  SELECT source, target, gone.action AS before, fresh.action AS after
  FROM (SELECT * FROM paired WHERE class = 2 AND ${flippable}) gone
  JOIN (SELECT * FROM paired WHERE class = 1 AND ${flippable}) fresh USING (source, target))`,
    `flipped AS (
  SELECT source, target, before AS action, 4 AS class FROM flips
  UNION ALL
  SELECT source, target, after, 4 FROM flips)`,
    `classed AS NOT MATERIALIZED (
  SELECT p.* REPLACE (coalesce(f.class, p.class) AS class) FROM paired p LEFT JOIN flipped f USING (${EDGE}))`,
    `differences AS MATERIALIZED (
  SELECT class, source, target, CASE WHEN class <> 1 THEN action END AS before, CASE WHEN class <> 2 THEN action END AS after
  FROM classed WHERE class < 4
  UNION ALL
  SELECT 4, source, target, before, after FROM flips)`,
  ];
}

/** Only of what differs: this is where a graph has lists. */
const detailed = (type: DiffSqlQuestion['sums']): string[] => [
  `differing AS MATERIALIZED (
  SELECT folded.* FROM folded SEMI JOIN (SELECT * FROM paired WHERE class < ${UNCHANGED}) USING (${EDGE}))`,
  `edges AS (
  SELECT later, ${EDGE}, ${MEASURES.map((name) => `sum(${counting(name)})::${type} AS ${name}`).join(', ')},
         sum(bytes)::${type} AS bytes_observed, min("start") AS "start", max(stop) AS stop,
         list_unique(list(witness)) AS witnesses, list_sort(list_distinct(list(protocol))) AS protocols
  FROM differing GROUP BY later, ${EDGE})`,
  `port_sums AS (
  SELECT later, ${EDGE}, port, sum(${counting('bytes')})::HUGEINT AS bytes
  FROM differing WHERE port > 0 GROUP BY later, ${EDGE}, port)`,
  // Bytes with the port behind them are one number, so that a list of numbers is all there is to sort.
  `edge_ports AS (
  SELECT later, ${EDGE}, list_transform(
           list_sort(list((bytes << 16) | (65535 - port)), 'DESC')[1:${MAX_EDGE_PORTS}], lambda k: 65535 - (k & 65535)) AS ports
  FROM port_sums GROUP BY later, ${EDGE})`,
  `described AS MATERIALIZED (
  SELECT edges.*, coalesce(edge_ports.ports, []) AS ports FROM edges LEFT JOIN edge_ports USING (later, ${EDGE}))`,
];

const sums = (side: 'before' | 'after'): string =>
  MEASURES.map((name) => `coalesce(sum(${side}_${name}), 0)::HUGEINT`).join(', ');

/** Nodes of both windows and how many of them are kept; per window nodes, edges and measures; per class, edges and both sides' measures. */
const totals = (
  isFolded: boolean,
): string => `wholes AS NOT MATERIALIZED (SELECT ${isFolded ? 'DISTINCT ' : ''}later, ${EDGE} FROM ${isFolded ? 'counted' : 'halves'}),
window_nodes AS (
  SELECT DISTINCT later, node FROM (SELECT later, source AS node FROM wholes UNION ALL SELECT later, target FROM wholes)),
window_totals AS (
  SELECT later, [(SELECT count(*) FROM window_nodes n WHERE n.later = h.later)::HUGEINT,
                 (SELECT count(*) FROM wholes w WHERE w.later = h.later),
                 ${MEASURES.map((name) => `sum(${name})::HUGEINT`).join(', ')}] AS list
  FROM halves h GROUP BY later),
class_totals AS (
  SELECT class, [count(*)::HUGEINT, ${sums('before')}, ${sums('after')}] AS list FROM classed GROUP BY class),
diff_totals AS (
  SELECT flatten([
    [(SELECT count(*) FROM nodes)::HUGEINT, (SELECT count(*) FROM nodes SEMI JOIN kept USING (node))],
    ${['false', 'true'].map((later) => `coalesce((SELECT list FROM window_totals WHERE later = ${later}), list_resize([]::HUGEINT[], 5, 0))`).join(',\n    ')},
    ${[1, 2, 3, 4, UNCHANGED].map((of) => `coalesce((SELECT list FROM class_totals WHERE class = ${of}), list_resize([]::HUGEINT[], 7, 0))`).join(',\n    ')}]) AS totals)`;

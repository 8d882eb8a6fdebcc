// Turns the rows of two windows into SQL of numbers: names are looked up once, and what comes after handles integers.
//
// A window of a million edges has several million rows with five texts each; grouped by these texts they cost more than
// everything that is then asked about them. So every address, node, witness and action gets a number that sorts as its
// text does. Nodes are those of both windows: what an address belongs to, and what is kept of them, is decided once.

import type { Condition } from '../filter/condition.ts';
import { WITNESS } from '../graph/address-owners.ts';
import { UNKNOWN_NODE } from '../graph/conversations.ts';
import { type Grouped, groupsSql } from '../graph/graph-groups.ts';

export interface TwoWindows {
  /** What follows FROM, as for `graphSql`: the rows of the window, and of the one that it is compared with. */
  readonly window: string;
  readonly against: string;
  readonly where: Condition | null;
}

/** What is looked up. */
const KEYS = ['srcaddr', 'dstaddr', 'action', 'account_id', 'witness'] as const;

/** `grouping_id` has a bit for each key that a row is not about, the first key's the highest. */
const keysOf = (key: (typeof KEYS)[number]): number => 31 - 2 ** (KEYS.length - 1 - KEYS.indexOf(key));

/** The number of what sorts last: a NULL. */
export const NONE = 2_147_483_647;

/** The rows of both windows; those of `window` have `later`. */
const both = ({ window, against }: TwoWindows): string =>
  `(SELECT *, false AS later FROM ${against} UNION ALL SELECT *, true AS later FROM ${window})`;

/** SQL for one value: no sum of flows, packets or bytes of any of the rows is larger; 2^64 where there are negative ones. */
export const largestSumSql = (windows: TwoWindows): string => {
  const names = ['flows', 'packets', 'bytes'];
  const least = `least(${names.map((name) => `min(${name})`).join(', ')})`;
  const sums = names.map((name) => `coalesce(sum(${name}), 0)::HUGEINT`);
  return `SELECT CASE WHEN ${least} < 0 THEN 1::HUGEINT << 64 ELSE greatest(${sums.join(', ')}) END FROM ${both(windows)} AS digest${conditionSql(windows)}`;
};

const conditionSql = ({ where }: TwoWindows): string => (where === null ? '' : ` WHERE ${where.sql}`);

/**
 * Common table expressions that end in `coded` (later, src, dst, hidden, srcport, dstport, protocol, action, witness,
 * flows, packets, bytes, start, stop): a row each of the windows that meets the condition, with numbers for names.
 * `codes(address, code, node)`: code 0 is no address; `nodes(name, grouped, node)`; `actions(action, code)`, NULL last.
 * `hidden`: an address was not logged.
 */
export function codedRows(windows: TwoWindows, grouped: Grouped): string[] {
  const all = both(windows);
  const groups = groupsSql(grouped, all, 'SELECT srcaddr AS address FROM logged UNION ALL SELECT dstaddr FROM logged');
  const hasGroups = groups.length > 0;
  const named = !hasGroups
    ? `SELECT address, coalesce(address, '${UNKNOWN_NODE}') AS name, false AS grouped FROM texts`
    : `SELECT t.address, coalesce(g.id, t.address, '${UNKNOWN_NODE}') AS name, g.id IS NOT NULL AS grouped
  FROM texts t LEFT JOIN groups g ON g.address = t.address`;
  return [
    `asked AS NOT MATERIALIZED (
  SELECT later, srcaddr, dstaddr, srcport, dstport, protocol, action, account_id, ${WITNESS} AS witness,
         flows, packets, bytes, "start", "end" AS stop
  FROM ${all} AS digest${conditionSql(windows)})`,
    // All names in one reading.
    `keys AS MATERIALIZED (
  SELECT ${KEYS.join(', ')}, grouping_id(${KEYS.join(', ')}) AS of FROM asked
  GROUP BY GROUPING SETS (${KEYS.map((name) => `(${name})`).join(', ')}))`,
    // The name under which the addresses to be grouped are looked for.
    `logged AS NOT MATERIALIZED (SELECT srcaddr, dstaddr FROM keys WHERE of IN (${keysOf('srcaddr')}, ${keysOf('dstaddr')}))`,
    ...groups,
    `texts AS MATERIALIZED (
  SELECT srcaddr AS address FROM keys WHERE of = ${keysOf('srcaddr')} UNION SELECT dstaddr FROM keys WHERE of = ${keysOf('dstaddr')})`,
    `placed AS MATERIALIZED (
  ${named})`,
    `nodes AS MATERIALIZED (
  SELECT name, grouped, row_number() OVER (ORDER BY name)::INTEGER AS node
  FROM (SELECT name, bool_or(grouped) AS grouped FROM placed GROUP BY name))`,
    `codes AS MATERIALIZED (
  SELECT address, node, CASE WHEN address IS NULL THEN 0 ELSE ${hasGroups ? 'row_number() OVER ()' : 'node'} END::INTEGER AS code
  FROM placed JOIN nodes USING (name))`,
    'places AS MATERIALIZED (SELECT code, node FROM codes)',
    numbers('actions', 'action'),
    numbers('accounts', 'account_id'),
    numbers('observers', 'witness'),
    `coded AS NOT MATERIALIZED (
  SELECT later, coalesce(s.code, 0) AS src, coalesce(t.code, 0) AS dst, srcport, dstport, protocol,
         coalesce(a.code, ${NONE}) AS action,
         (coalesce(o.code, ${NONE})::BIGINT << 32) | coalesce(c.code, ${NONE}) AS witness,
         flows, packets, bytes, "start", stop
  FROM asked r LEFT JOIN codes s ON s.address = r.srcaddr LEFT JOIN codes t ON t.address = r.dstaddr
  LEFT JOIN actions a ON a.action = r.action
  LEFT JOIN observers o ON o.witness = r.witness LEFT JOIN accounts c ON c.account_id = r.account_id)`,
  ];
}

/** The texts of a column, numbered in their order from 1. */
const numbers = (table: string, column: (typeof KEYS)[number]): string => `${table} AS MATERIALIZED (
  SELECT ${column}, row_number() OVER (ORDER BY ${column})::INTEGER AS code
  FROM keys WHERE of = ${keysOf(column)} AND ${column} IS NOT NULL)`;

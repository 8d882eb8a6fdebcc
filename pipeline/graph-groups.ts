// Turns a grouping into SQL: which group each address of the window belongs to, found in the window's own rows.
//
// A flow row names the interface of one side only. Which of its two addresses that interface has, is decided so:
//   1. The row says it: an egress row's source and an ingress row's destination are the interface's own address.
//   2. Otherwise, for an interface (and IP version) without any such row: its own address is in all of its rows. Where
//      two addresses are (the interface talked to one peer only), the peer is the one known as another interface's
//      own, else the public one; where that does not decide, nobody is placed.
// An address is placed in a group when all its interfaces agree on it, so networks with the same addresses in two
// VPCs are never mixed up: what cannot be placed stays a node of its own, the address. All rows of the window are asked,
// those too that a filter leaves out of the graph: what an address belongs to is no matter of what is asked about it.
import type { Grouping } from '../schemas/graph.ts';
import { PRIVATE_PATTERN } from './private-network.ts';

/** The groupings whose group comes from the interface that logged the row, and the column that names it. */
const OWNED: Readonly<Record<Exclude<Grouping, 'security-group'>, string | null>> = {
  address: null,
  cidr24: null,
  subnet: 'subnet_id',
  vpc: 'vpc_id',
  instance: 'instance_id',
  interface: 'interface_id',
};

export type KnownGrouping = keyof typeof OWNED;

/** Whether a grouping's groups come from the interfaces that logged the rows; otherwise the address alone decides. */
export const hasOwners = (group: KnownGrouping): boolean => OWNED[group] !== null;

/** SQL for who logged a row: an interface, a regional NAT gateway, or a transit-gateway attachment. */
export const WITNESS = 'coalesce(interface_id, resource_id, tgw_attachment_id)';

/** The /24 of an IPv4 address; the /64 of an IPv6 address, both canonical (RFC 5952 in, RFC 5952 out). */
const NETWORKS = `
pieces AS (
  SELECT address, string_split(split_part(address, '::', 1), ':') AS head, position('::' IN address) > 0 AS gap,
         len(list_filter(string_split(split_part(address, '::', 2), ':'), lambda g: g <> ''))
           + (position('.' IN address) > 0)::INTEGER AS tail
  FROM addresses WHERE position(':' IN address) > 0),
halves AS (
  SELECT address, CASE WHEN gap AND head = [''] THEN [] ELSE head END AS head, gap, tail FROM pieces),
prefixes AS (
  SELECT address, (head || CASE WHEN gap THEN list_transform(range(greatest(0, 8 - len(head) - tail)), lambda i: '0') ELSE [] END
    || CASE WHEN gap THEN list_filter(string_split(split_part(address, '::', 2), ':'), lambda g: g <> '') ELSE [] END)[1:4] AS four
  FROM halves),
groups AS (
  SELECT address, regexp_replace(address, '\\.[0-9]+$', '.0/24') AS id FROM addresses WHERE position(':' IN address) = 0
  UNION ALL
  SELECT address, regexp_replace(':' || list_aggregate(four, 'string_agg', ':'), '(:0)+$', '')[2:] || '::/64' AS id FROM prefixes)`;

/** Rules 1 and 2 above, over `evidence`: at least one row for each interface and pair of addresses. */
const ownersSql = (evidence: string): string => `
sides AS (
  SELECT account_id, witness, srcaddr AS address, egress AS directed FROM ${evidence} WHERE srcaddr IS NOT NULL
  UNION ALL
  SELECT account_id, witness, dstaddr AS address, ingress AS directed FROM ${evidence}
  WHERE dstaddr IS NOT NULL AND dstaddr IS DISTINCT FROM srcaddr),
seen AS (
  SELECT account_id, witness, address, position(':' IN address) > 0 AS v6, count(*) AS rows,
         bool_or(directed) AS directed
  FROM sides WHERE witness IS NOT NULL GROUP BY ALL),
interfaces AS (
  SELECT account_id, witness, v6, bool_or(directed) AS directed FROM seen GROUP BY ALL),
totals AS (
  SELECT account_id, witness, position(':' IN coalesce(srcaddr, dstaddr)) > 0 AS v6, count(*) AS rows
  FROM ${evidence} WHERE coalesce(srcaddr, dstaddr) IS NOT NULL GROUP BY ALL),
candidates AS (
  SELECT s.account_id, s.witness, s.v6, s.address, coalesce(i.directed, false) AS directed,
         count(*) OVER (PARTITION BY s.account_id, s.witness, s.v6) AS rivals
  FROM seen s
  JOIN interfaces i ON i.account_id IS NOT DISTINCT FROM s.account_id AND i.witness = s.witness AND i.v6 = s.v6
  JOIN totals t ON t.account_id IS NOT DISTINCT FROM s.account_id AND t.witness = s.witness AND t.v6 = s.v6
  WHERE CASE WHEN coalesce(i.directed, false) THEN s.directed ELSE s.rows = t.rows END),
certain AS (SELECT address, account_id, witness FROM candidates WHERE directed OR rivals = 1),
remaining AS (
  SELECT *, count(*) OVER (PARTITION BY account_id, witness, v6) AS left_over FROM candidates
  WHERE NOT directed AND rivals > 1 AND address NOT IN (SELECT address FROM certain)),
settled AS (
  SELECT address, account_id, witness FROM remaining WHERE left_over = 1
  UNION ALL
  SELECT address, account_id, witness FROM (
    SELECT *, count(*) OVER (PARTITION BY account_id, witness, v6) AS private_ones FROM remaining
    WHERE left_over > 1 AND regexp_matches(address, '${PRIVATE_PATTERN}'))
  WHERE private_ones = 1),
groups AS (
  SELECT l.address, min(o.owner) AS id
  FROM (SELECT * FROM certain UNION ALL SELECT * FROM settled) l
  LEFT JOIN owners o ON o.account_id IS NOT DISTINCT FROM l.account_id AND o.witness = l.witness
  GROUP BY l.address HAVING min(o.owner) = max(o.owner) AND bool_and(o.owner IS NOT NULL))`;

/** SQL for which side of a row is the interface's own by its direction: aggregates of the columns `egress, ingress`. */
export const DIRECTIONS = `bool_or(flow_direction = 'egress') AS egress, bool_or(flow_direction = 'ingress') AS ingress`;

/**
 * Common table expressions that end in `groups(address, id)`; null when addresses are the nodes themselves.
 * @param all every digest row of the window, also where only some of them are asked about.
 * @param areAllLogged whether the rows `logged` (the sums of what is asked about, with `account_id, witness, srcaddr,
 * dstaddr` and, where `hasOwners`, `egress, ingress`) are the sums of all of them, which then need not be read again.
 */
export const groupsSql = (group: KnownGrouping, all: string, areAllLogged: boolean): string | null => {
  if (group === 'address') return null;
  const owner = OWNED[group];
  if (owner !== null) {
    const pairs = `pairs AS MATERIALIZED (
  SELECT account_id, ${WITNESS} AS witness, srcaddr, dstaddr, ${DIRECTIONS}
  FROM ${all} GROUP BY ALL),
`;
    return `${areAllLogged ? '' : pairs}owners AS (
  SELECT DISTINCT account_id, ${WITNESS} AS witness, ${owner} AS owner FROM ${all} WHERE ${owner} IS NOT NULL),${ownersSql(areAllLogged ? 'logged' : 'pairs')}`;
  }
  const addresses = `addresses AS (
  SELECT DISTINCT address FROM (SELECT srcaddr AS address FROM logged UNION ALL SELECT dstaddr FROM logged)
  WHERE address IS NOT NULL)`;
  return `${addresses},${NETWORKS}`;
};

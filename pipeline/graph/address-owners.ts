// Turns who logged what into SQL for the owner of each address: the interface that has it, or what that belongs to.
//
// A flow row names the interface of one side only. Which of its two addresses that interface has, is decided so:
//   1. The row says it: an egress row's source and an ingress row's destination are the interface's own address.
//   2. Otherwise, for an interface (and IP version) without any such row: its own address is in all of its rows. Where
//      two addresses are (the interface talked to one peer only), the peer is the one known as another interface's
//      own, else the one outside the own networks; where that does not decide, nobody is placed.
// An address has an owner when all its interfaces agree on it, so networks with the same addresses in two VPCs are never
// mixed up: what cannot be placed stays a node of its own, the address.
import { bitsSql } from '../address/address-sql.ts';
import { ownSql } from '../address/own-networks.ts';

/** SQL for who logged a row: an interface, a regional NAT gateway, or a transit-gateway attachment. */
export const WITNESS = 'coalesce(interface_id, resource_id, tgw_attachment_id)';

/** SQL for which side of a row is the interface's own by its direction: aggregates of the columns `egress, ingress`. */
export const DIRECTIONS = `bool_or(flow_direction = 'egress') AS egress, bool_or(flow_direction = 'ingress') AS ingress`;

/**
 * Common table expressions that end in `named(address, id)`: what owns each address.
 * @param evidence at least one row for each interface and pair of addresses of the whole window, with `account_id,
 * witness, srcaddr, dstaddr, egress, ingress`.
 * @param owners `account_id, witness, owner`: what each interface belongs to.
 */
export const ownersSql = (evidence: string, owners: string, own: readonly string[]): string => `sides AS (
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
    SELECT address, account_id, witness, count(*) OVER (PARTITION BY account_id, witness, is_v6) AS own_ones
    FROM (SELECT address, account_id, witness, v6 AS is_v6, ${bitsSql('address')} FROM remaining WHERE left_over > 1)
    WHERE ${ownSql(own)})
  WHERE own_ones = 1),
named AS (
  SELECT l.address, min(o.owner) AS id
  FROM (SELECT * FROM certain UNION ALL SELECT * FROM settled) l
  LEFT JOIN ${owners} o ON o.account_id IS NOT DISTINCT FROM l.account_id AND o.witness = l.witness
  GROUP BY l.address HAVING min(o.owner) = max(o.owner) AND bool_and(o.owner IS NOT NULL))`;

// Turns a grouping into SQL: which group each address of the window belongs to, found in the window's own rows.
//
// All rows of the window are asked, those too that a filter leaves out of the graph: what an address belongs to is no
// matter of what is asked about it. Owners are those of address-owners.ts.
//
// The AWS service of an address is said by rows, of the addresses of the packet; where the format has none of these, of
// the row's own address, unless that lies in the own networks (a NAT gateway stands there for the service behind it).
// Where rows disagree, the service with most flows has the address, then the first by name.
//
// With one internet, every address outside the own networks is in it and in no other group; grouped by service, one that
// an AWS service is known of stays with its service.
import type { Internet, KnownGrouping } from '../../schemas/graph.ts';
import { prefixesOf } from '../../schemas/groupings.ts';
import { bitsSql, networksSql } from '../address/address-sql.ts';
import { ownSql } from '../address/own-networks.ts';
import { DIRECTIONS, ownersSql, WITNESS } from './address-owners.ts';

/** The groupings whose group comes from the interface that logged the row, and the column that names it. */
const OWNERS: ReadonlyMap<KnownGrouping, string> = new Map([
  ['subnet', 'subnet_id'],
  ['vpc', 'vpc_id'],
  ['instance', 'instance_id'],
  ['interface', 'interface_id'],
]);

/** How addresses become nodes. */
export interface Grouped {
  readonly group: KnownGrouping;
  readonly internet: Internet;
  /** The own networks, as `parseNetwork` (filter/networks.ts) takes them. */
  readonly own: readonly string[];
}

/** The node of all addresses outside the own networks. */
export const INTERNET_NODE = 'internet';

/** Whether a grouping's groups come from the interfaces that logged the rows. */
export const hasOwners = (group: KnownGrouping): boolean => OWNERS.has(group);

/**
 * Common table expressions that end in `groups(address, id)`; none when addresses are the nodes themselves.
 * @param all every digest row of the window, also where only some of them are asked about.
 * @param asked a query of one column, `address`: all that are to be grouped.
 * @param evidence where `hasOwners`: what has the columns of `ownersSql`'s evidence, so that `all` need not be read for it.
 */
export function groupsSql(
  { group, internet, own }: Grouped,
  all: string,
  asked: string,
  evidence?: string,
): readonly string[] {
  const named = namedSql(group, own, all, evidence);
  const isOne = internet === 'one';
  const needsBits = isOne || prefixesOf(group) !== null;
  if (!needsBits) return named === null ? [] : [named, 'groups AS MATERIALIZED (SELECT address, id FROM named)'];
  const keepsNamed = group === 'service'; // which are outside by their nature
  const inside = isOne && !keepsNamed ? `(SELECT * FROM bits WHERE ${ownSql(own)})` : 'bits';
  const outside = `NOT ${ownSql(own)}${keepsNamed ? ' AND address NOT IN (SELECT address FROM named)' : ''}`;
  const prefixes = prefixesOf(group);
  const groups = [
    ...(isOne ? [`SELECT address, '${INTERNET_NODE}' AS id FROM bits WHERE ${outside}`] : []),
    ...(prefixes === null ? [] : [networksSql(inside, prefixes)]),
    ...(named === null ? [] : [`SELECT address, id FROM named WHERE address IN (SELECT address FROM ${inside})`]),
  ];
  return [
    ...(named === null ? [] : [named]),
    `addresses AS (SELECT DISTINCT address FROM (${asked}) WHERE address IS NOT NULL)`,
    `bits AS MATERIALIZED (
  SELECT address, ${bitsSql('address')} FROM addresses)`,
    `groups AS MATERIALIZED (\n  ${groups.join('\n  UNION ALL\n  ')})`,
  ];
}

/** What ends in `named(address, id)`, of any addresses; null where rows say nothing that the grouping asks for. */
function namedSql(group: KnownGrouping, own: readonly string[], all: string, evidence?: string): string | null {
  if (group === 'service') return servicesSql(all, own);
  const owner = OWNERS.get(group);
  if (owner === undefined) return null;
  const pairs = `pairs AS MATERIALIZED (
  SELECT account_id, ${WITNESS} AS witness, srcaddr, dstaddr, ${DIRECTIONS}
  FROM ${all} GROUP BY ALL),
`;
  return `${evidence === undefined ? pairs : ''}owners AS (
  SELECT DISTINCT account_id, ${WITNESS} AS witness, ${owner} AS owner FROM ${all} WHERE ${owner} IS NOT NULL),
${ownersSql(evidence ?? 'pairs', 'owners', own)}`;
}

const servicesSql = (all: string, own: readonly string[]): string => {
  const said = (side: 'src' | 'dst'): string =>
    `SELECT pkt_${side}addr AS packet, ${side}addr AS row_address, pkt_${side}_aws_service AS service, sum(flows) AS flows
  FROM ${all} WHERE pkt_${side}_aws_service IS NOT NULL GROUP BY ALL`;
  return `said AS MATERIALIZED (
  ${said('src')}
  UNION ALL
  ${said('dst')}),
row_addresses AS (
  SELECT row_address, ${bitsSql('row_address')}
  FROM (SELECT DISTINCT row_address FROM said WHERE packet IS NULL AND row_address IS NOT NULL)),
service_flows AS (
  SELECT packet AS address, service, flows FROM said WHERE packet IS NOT NULL
  UNION ALL
  SELECT row_address, service, flows FROM said
  WHERE packet IS NULL AND row_address IN (SELECT row_address FROM row_addresses WHERE NOT ${ownSql(own)})),
named AS (
  SELECT address, service AS id FROM (SELECT address, service, sum(flows) AS flows FROM service_flows GROUP BY ALL)
  QUALIFY row_number() OVER (PARTITION BY address ORDER BY flows DESC, service) = 1)`;
};

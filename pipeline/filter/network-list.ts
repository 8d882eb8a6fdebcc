// Turns a long list of networks into SQL that grows with it and no faster: one IN for all that have the same length,
// of the address cut to that length. (Engines take very long to plan thousands of alternatives.)

import type { Network } from '../address/networks.ts';
import type { Condition } from './condition.ts';
import { type Dialect, hexadecimalSql } from './dialects.ts';
import { IS_MAPPED, MAPPED, networkSql } from './network-sql.ts';

/** So many are asked one by one, which finds them by the statistics of a file where it can. */
const FEW = 8;

/** Whether the address in `column` (SQL) lies in one of the networks (at least one); NULL or false where there is none. */
export function networksSql(column: string, networks: readonly Network[], dialect: Dialect): Condition {
  if (networks.length <= FEW) return anyOf(networks.map((network) => networkSql(column, network, dialect)));
  const isInMapped = ({ version, bits, prefix }: Network) => version === 6 && prefix > 96 && bits >> 32n === MAPPED;
  const holdsMapped = ({ version, bits, prefix }: Network) =>
    version === 6 && prefix <= 96 && (MAPPED << 32n) >> BigInt(128 - prefix) === bits >> BigInt(128 - prefix);
  const mapped = networks
    .filter(isInMapped)
    .map(({ bits, prefix }) => ({ bits: bits & 0xffffffffn, prefix: prefix - 96 }));
  const conditions = [
    ...ipv4Lists(
      column,
      networks.filter(({ version }) => version === 4),
    ),
    ...ipv6Lists(
      column,
      networks.filter((n) => n.version === 6 && !isInMapped(n)),
      dialect,
    ),
  ];
  if (networks.some(holdsMapped)) conditions.push({ sql: IS_MAPPED(column), parameters: [] });
  if (mapped.length > 0) {
    const { sql, parameters } = anyOf(ipv4Lists(`substr(${column}, 8)`, mapped));
    conditions.push({ sql: `(${IS_MAPPED(column)} AND ${sql})`, parameters });
  }
  return anyOf(conditions);
}

const anyOf = (conditions: readonly Condition[]): Condition => ({
  sql: conditions.length === 1 ? conditions[0].sql : `(${conditions.map(({ sql }) => sql).join(' OR ')})`,
  parameters: conditions.flatMap(({ parameters }) => parameters),
});

const marks = (count: number): string => Array(count).fill('?').join(', ');

type Range = Pick<Network, 'bits' | 'prefix'>;

/** The number of the address, which is NULL where it is none of IPv4. */
function ipv4Lists(column: string, networks: readonly Range[]): Condition[] {
  const octets = [16_777_216, 65_536, 256, 1].map(
    (weight, i) => `TRY_CAST(split_part(${column}, '.', ${i + 1}) AS BIGINT) * ${weight}`,
  );
  const number = `(${octets.join(' + ')})`;
  return [...Map.groupBy(networks, ({ prefix }) => prefix)].map(([prefix, group]) => {
    const parameters = [...new Set(group.map(({ bits }) => bits))];
    return { sql: `${number} - ${number} % ${2 ** (32 - prefix)} IN (${marks(parameters.length)})`, parameters };
  });
}

/** The beginning of the address in hexadecimal; a prefix that ends within a digit is up to eight digits. */
function ipv6Lists(column: string, networks: readonly Range[], dialect: Dialect): Condition[] {
  return [...Map.groupBy(networks, ({ prefix }) => Math.ceil(prefix / 4))].map(([digits, group]) => {
    const starts = new Set(group.flatMap((network) => digitsOf(network, digits)));
    const plain = `${dialect.holds(column, "':'")} AND NOT ${dialect.holds(column, "'.'")}`;
    const start = `substr(${hexadecimalSql(column, dialect)}, 1, ${digits})`;
    return {
      sql: `CASE WHEN ${plain} THEN ${start} IN (${marks(starts.size)}) ELSE false END`,
      parameters: [...starts],
    };
  });
}

function digitsOf({ bits, prefix }: Range, digits: number): string[] {
  if (digits === 0) return [''];
  const first = bits >> BigInt(128 - 4 * digits);
  const count = 2 ** (4 * digits - prefix);
  return Array.from({ length: count }, (_, i) => (first + BigInt(i)).toString(16).padStart(digits, '0'));
}

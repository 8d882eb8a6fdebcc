// Which group each address belongs to, by the book: plain loops over all rows of a window, for property tests to compare.
import type { ReferenceRow } from './graph.ts';
import { referenceInside } from './graph-nodes.ts';

export interface OwnedRow extends ReferenceRow {
  readonly flow_direction: string | null;
  readonly instance_id: string | null;
}

const isV6 = (address: string): boolean => address.includes(':');

/** The rows of one interface in one IP version, and the addresses that may be its own. */
interface Logger {
  readonly name: string;
  readonly directed: boolean;
  readonly candidates: readonly string[];
}

const loggerOf = (name: string, rows: readonly OwnedRow[]): Logger => {
  const sides = (row: OwnedRow): string[] => [row.srcaddr, row.dstaddr].filter((address) => address !== null);
  const addresses = [...new Set(rows.flatMap(sides))];
  const named = addresses.filter((address) =>
    rows.some(
      (row) =>
        (row.srcaddr === address && row.flow_direction === 'egress') ||
        (row.dstaddr === address && row.srcaddr !== address && row.flow_direction === 'ingress'),
    ),
  );
  if (named.length > 0) return { name, directed: true, candidates: named };
  return {
    name,
    directed: false,
    candidates: addresses.filter((one) => rows.every((row) => sides(row).includes(one))),
  };
};

/** The own addresses of each interface. */
const ownAddresses = (loggers: readonly Logger[], networks: readonly string[]): [logger: string, address: string][] => {
  const isCertain = ({ directed, candidates }: Logger): boolean => directed || candidates.length === 1;
  const claims = (logger: Logger, addresses: readonly string[]): [string, string][] =>
    addresses.map((address) => [logger.name, address]);
  const certain = loggers.filter(isCertain).flatMap((logger) => claims(logger, logger.candidates));
  const taken = new Set(certain.map(([, address]) => address));
  const settled = loggers
    .filter((logger) => !isCertain(logger))
    .flatMap((logger) => {
      const free = logger.candidates.filter((address) => !taken.has(address));
      const likely = free.length > 1 ? free.filter((address) => referenceInside(address, networks)) : free;
      return claims(logger, likely.length === 1 ? likely : []);
    });
  return [...certain, ...settled];
};

/** The group of each address that has one. */
export function referenceOwners(
  rows: readonly OwnedRow[],
  column: 'interface_id' | 'instance_id',
  networks: readonly string[] = ['10.0.0.0/8', 'fd00::/8'],
): ReadonlyMap<string, string> {
  const nameOf = (row: OwnedRow): string => JSON.stringify([row.account_id, row.interface_id]);
  const logged = rows.filter((row) => row.interface_id !== null && (row.srcaddr ?? row.dstaddr) !== null);
  const loggers = Map.groupBy(logged, (row) => `${nameOf(row)} ${isV6(row.srcaddr ?? row.dstaddr ?? '')}`);
  const own = ownAddresses(
    [...loggers.values()].map((lines) => loggerOf(nameOf(lines[0]), lines)),
    networks,
  );
  const groups = new Map<string, string>();
  for (const address of new Set(own.map(([, one]) => one))) {
    const owners = own
      .filter(([, one]) => one === address)
      .map(([name]) => rows.filter((row) => nameOf(row) === name).map((row) => row[column]));
    const known = owners.map((all) => new Set(all.filter((owner) => owner !== null)));
    const [first] = known[0];
    if (first !== undefined && known.every((set) => set.size === 1 && set.has(first))) groups.set(address, first);
  }
  return groups;
}

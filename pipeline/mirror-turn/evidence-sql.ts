// Turns "who else talked to these addresses" and "how much do these interfaces carry" into SQL over digest rows.
import type { QueryParameter, Window } from '../../schemas/query.ts';
import { HOUR_MS, truncateToMinute } from '../window/window.ts';

/** A statement and what is bound to its `?`, in order. */
export interface EvidenceQuery {
  readonly sql: string;
  readonly parameters: readonly QueryParameter[];
}

/** Which rows and interfaces count as neighbours. */
export interface NeighbourQuestion {
  /** Canonical texts (RFC 5952), as the digests have them; at least one. */
  readonly remoteAddresses: readonly string[];
  readonly limit: number;
  /** Only interfaces that nothing says are of another account or region; null: any. */
  readonly account: string | null;
  readonly region: string | null;
  /** Interfaces that are mirrored anyway. */
  readonly except: readonly string[];
}

/** The 60 whole minutes before `now` (Unix ms). */
export const evidenceWindow = (now: number): Window => {
  const stop = truncateToMinute(now);
  return { start: stop - HOUR_MS, stop };
};

/** An address stands in a row twice: as the interface saw it, and as the packet had it (behind a NAT gateway, say). */
const SIDES = ['srcaddr', 'dstaddr', 'pkt_srcaddr', 'pkt_dstaddr'] as const;

const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/**
 * SQL whose rows are `interface_id` and `bytes` (an integer): the interfaces that exchanged most bytes with the addresses,
 * most first, then by id. Each has what it logged itself, so that no flow counts twice for one interface, although both
 * its ends log it. What was rejected was not exchanged, and EC2 does not mirror it.
 * @param source what follows FROM: yields digest rows of the window, with the names of DIGEST_COLUMNS.
 */
export function neighboursSql(source: string, question: NeighbourQuestion): EvidenceQuery {
  const { remoteAddresses: addresses, limit, account, region, except } = question;
  const conditions: readonly (readonly [sql: string, parameters: readonly QueryParameter[]])[] = [
    ["interface_id IS NOT NULL AND action IS DISTINCT FROM 'REJECT'", []],
    [`(${SIDES.map((side) => `${side} IN (${marks(addresses)})`).join(' OR ')})`, SIDES.flatMap(() => addresses)],
    ...(account === null ? [] : [['coalesce(account_id = ?, true)', [account]] as const]),
    ...(region === null ? [] : [['coalesce(region = ?, true)', [region]] as const]),
    ...(except.length === 0 ? [] : [[`interface_id NOT IN (${marks(except)})`, except] as const]),
  ];
  return {
    sql: `SELECT interface_id, coalesce(sum(bytes), 0) AS bytes FROM ${source} AS digest
WHERE ${conditions.map(([sql]) => sql).join('\n  AND ')}
GROUP BY interface_id ORDER BY bytes DESC, interface_id LIMIT ?`,
    parameters: [...conditions.flatMap(([, parameters]) => parameters), limit],
  };
}

/** SQL whose rows are `interface_id` and `bytes` (an integer) of all that each of the interfaces logged; at least one. */
export const trafficSql = (source: string, interfaces: readonly string[]): EvidenceQuery => ({
  sql: `SELECT interface_id, coalesce(sum(bytes), 0) AS bytes FROM ${source} AS digest
WHERE interface_id IN (${marks(interfaces)}) GROUP BY interface_id`,
  parameters: interfaces,
});

/** Mbit/s over the window of so many bytes. */
export const megabitsPerSecond = (bytes: bigint, { start, stop }: Window): number =>
  (Number(bytes) * 8) / ((stop - start) / 1000) / 1e6;

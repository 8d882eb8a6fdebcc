// Turns a node of a graph into the filter that keeps what it had a part in.
import type { GraphNode, NodeKind } from '../../schemas/graph.ts';
import { prefixesOf } from '../../schemas/groupings.ts';
import { canonicalAddress } from '../address/address.ts';
import { parseNetwork } from '../address/networks.ts';
import { quotedText } from '../filter/print.ts';

const COLUMNS: Readonly<Partial<Record<NodeKind, readonly string[]>>> = {
  subnet: ['subnet_id'],
  vpc: ['vpc_id'],
  instance: ['instance_id'],
  interface: ['interface_id'],
  service: ['pkt_src_aws_service', 'pkt_dst_aws_service'],
};

/** What no link can hold, or none should. */
const UNWRITABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * The filter, in the filter language; null where there is none, as for the node of all others.
 * @param own the networks that are not the internet.
 */
export function nodeFilter({ id, kind }: GraphNode, own: readonly string[]): string | null {
  if (kind === 'others') return null;
  if (kind === 'unknown') return 'srcaddr = null or dstaddr = null';
  if (kind === 'internet') return `not srcaddr in (${own.join(', ')}) or not dstaddr in (${own.join(', ')})`;
  if (kind === 'address') return canonicalAddress(id) === null ? null : `addr = ${id}`;
  if (prefixesOf(kind) !== null) return parseNetwork(id) === null ? null : `addr in ${id}`;
  if (UNWRITABLE.test(id)) return null;
  return (COLUMNS[kind] ?? []).map((column) => `${column} = ${quotedText(id)}`).join(' or ');
}

/** Both filters at once; either may be empty. */
export function bothFilters(first: string, second: string): string {
  const [one, other] = [first.trim(), second.trim()];
  if (one === '' || one === other) return other;
  if (other === '' || one.endsWith(`and ${other}`) || one.endsWith(`and (${other})`)) return one;
  const grouped = (filter: string) => (/\bor\b/i.test(filter) ? `(${filter})` : filter);
  return `${grouped(one)} and ${grouped(other)}`;
}

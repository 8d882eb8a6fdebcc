// Turns the text of a grouping (`vpc`, `cidr16-48`) into the grouping, and one of networks into its prefix lengths.
import { GROUPINGS, type Grouping } from './graph.ts';

/** The IPv6 prefix of a grouping that names only that of IPv4: the size of a subnet. */
const IPV6_PREFIX = 64;

/** How the groupings are written, for help: those that have an answer. */
export const GROUPING_FORMS: readonly string[] = GROUPINGS.flatMap((name) => {
  if (name === 'security-group') return [];
  return name === 'cidr24' ? [name, 'cidrN', 'cidrN-M'] : [name];
});
export const GROUPING_BOUNDS = 'N, of IPv4: 0 to 32; M, of IPv6: 0 to 128';

/** The prefix lengths that a grouping cuts addresses to; null when it is none of networks, or out of bounds. */
export function prefixesOf(grouping: string): { readonly v4: number; readonly v6: number } | null {
  const match = /^cidr(0|[1-9]\d?)(?:-(0|[1-9]\d{0,2}))?$/.exec(grouping);
  if (match === null) return null;
  const [v4, v6] = [Number(match[1]), match[2] === undefined ? IPV6_PREFIX : Number(match[2])];
  return v4 <= 32 && v6 <= 128 ? { v4, v6 } : null;
}

const isNetworks = (text: string): text is Extract<Grouping, `cidr${number}`> => prefixesOf(text) !== null;

/** The grouping that `text` names, or null. */
export const parseGrouping = (text: string): Grouping | null =>
  GROUPINGS.find((name) => name === text) ?? (isNetworks(text) ? text : null);

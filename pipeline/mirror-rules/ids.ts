// Tells the ids of AWS resources apart by what they begin with.
import { shown } from './yaml-values.ts';

/** What begins the ids of each kind: AWS's own first, then those of emulators. */
const PREFIXES = {
  filter: ['tmf', 'traf-mir-fil'],
  target: ['tmt', 'traf-mir-tar'],
  session: ['tms', 'traf-mir-ses'],
  subnet: ['subnet'],
  VPC: ['vpc'],
  'security group': ['sg'],
  image: ['ami'],
  instance: ['i'],
  interface: ['eni'],
} as const;
export type IdKind = keyof typeof PREFIXES;

const MAX_ID = 64; // characters

/** AWS's ids are hexadecimal; those of its documentation have other letters too. */
const isOf = (text: string, prefixes: readonly string[]): boolean =>
  text.length <= MAX_ID && prefixes.some((prefix) => new RegExp(`^${prefix}-[0-9a-z]+$`).test(text));

/** Why a text is not the id of such a resource, to follow its name; null where it may be one. */
export function idTrouble(kind: IdKind, text: string): string | null {
  if (isOf(text, PREFIXES[kind])) return null;
  const { 0: prefix } = PREFIXES[kind];
  const other = Object.entries(PREFIXES).find(([, prefixes]) => isOf(text, prefixes));
  const given = `is ${shown(text)}`;
  if (other !== undefined)
    return `${given}, the id of ${withArticle(other[0])}, not of ${withArticle(kind)} (${prefix}-…)`;
  return `${given}, not the id of ${withArticle(kind)} (${prefix}-…)`;
}

const withArticle = (kind: string): string => `${/^i/.test(kind) ? 'an' : 'a'} ${kind}`;

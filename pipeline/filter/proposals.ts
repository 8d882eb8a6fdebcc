// Turns what the grammar expects at a place into texts that can stand there, known without looking at any data.
import { PROTOCOL_NAMES, PROTOCOL_NUMBERS, SERVICE_NAMES, SERVICE_PORTS } from '../well-known-names.ts';
import { type Comparing, FILTER_COLUMNS, FILTER_NAMES, type FilterColumn, type Kind, OPERATORS } from './columns.ts';
import type { Expected } from './parse.ts';

export interface Proposal {
  /** What to put in the place of the range. */
  readonly text: string;
  readonly kind: 'column' | 'operator' | 'keyword' | 'value';
  /** Of a column: what it is compared with. */
  readonly type: Kind | null;
  /** One clause for people. */
  readonly about: string;
}

const KEYWORDS: Readonly<Record<'and' | 'or' | 'not' | 'open' | 'close' | 'comma', readonly [string, string]>> = {
  and: ['and', 'both hold'],
  or: ['or', 'at least one holds'],
  not: ['not', 'the next does not hold'],
  open: ['(', 'begins a group'],
  close: [')', 'ends a group'],
  comma: [',', 'another value'],
};

const ABOUT: Readonly<Record<Comparing, string>> = {
  '=': 'is',
  '!=': 'is not',
  '<': 'is less than',
  '<=': 'is at most',
  '>': 'is more than',
  '>=': 'is at least',
  '~': 'contains the text',
  in: 'is one of, or lies in a network',
};

const columnOf = (name: string): FilterColumn | undefined =>
  FILTER_COLUMNS.get(name) ?? FILTER_COLUMNS.get(name.toLowerCase());

/** The texts for one thing that the grammar expects. */
export function proposalsFor(expected: Expected): readonly Proposal[] {
  switch (expected.what) {
    case 'column':
      return FILTER_NAMES.flatMap((name) => columnOf(name) ?? []).map(
        ({ name, kind, about }): Proposal => ({ text: name, kind: 'column', type: kind, about }),
      );
    case 'operator': {
      const operators = OPERATORS[columnOf(expected.name)?.kind ?? 'text'];
      return operators.map((text) => ({ text, kind: 'operator', type: null, about: ABOUT[text] }));
    }
    case 'value':
      return values(columnOf(expected.name), expected.operator);
    default: {
      const [text, about] = KEYWORDS[expected.what];
      return [{ text, kind: 'keyword', type: null, about }];
    }
  }
}

const SIZES = [
  ['1KB', '1,000'],
  ['1MB', '1,000,000'],
  ['100MB', '100,000,000'],
  ['1GB', '1,000,000,000'],
  ['1KiB', '1,024'],
  ['1MiB', '1,048,576'],
] as const;

const TIMES = [
  ['now-15m', 'a quarter of an hour ago'],
  ['now-1h', 'an hour ago'],
  ['now-1d', 'a day ago'],
] as const;

const NETWORKS = [
  ['10.0.0.0/8', 'private, RFC 1918'],
  ['172.16.0.0/12', 'private, RFC 1918'],
  ['192.168.0.0/16', 'private, RFC 1918'],
  ['100.64.0.0/10', 'shared, RFC 6598'],
  ['169.254.0.0/16', 'link-local; instance metadata is 169.254.169.254'],
  ['fc00::/7', 'private, RFC 4193'],
  ['0.0.0.0/0', 'every IPv4 address'],
  ['::/0', 'every IPv6 address'],
] as const;

const NULL = ['null', 'not logged'] as const;

function values(column: FilterColumn | undefined, operator: Comparing): readonly Proposal[] {
  if (column === undefined) return [];
  const known = knownValues(column, operator);
  const all = operator === '=' || operator === '!=' ? [...known, NULL] : known;
  return all.map(([text, about]) => ({ text, kind: 'value', type: null, about }));
}

function knownValues({ kind, values: own }: FilterColumn, operator: Comparing): readonly (readonly [string, string])[] {
  switch (kind) {
    case 'port':
      return named(SERVICE_PORTS, SERVICE_NAMES, 'port');
    case 'protocol':
      return named(PROTOCOL_NUMBERS, PROTOCOL_NAMES, 'protocol');
    case 'size':
      return SIZES;
    case 'seconds':
    case 'time':
      return TIMES;
    case 'address':
      return operator === 'in' ? NETWORKS : [];
    case 'integer':
    case 'text':
      return own;
  }
}

/** Every name, with the number and the name that it is shown by. */
const named = (
  numbers: ReadonlyMap<string, number>,
  shown: ReadonlyMap<number, string>,
  what: string,
): readonly (readonly [string, string])[] =>
  [...numbers].map(([name, number]) => {
    const usual = shown.get(number);
    return [name, `${what} ${number}${usual === name ? '' : `, ${usual}`}`];
  });

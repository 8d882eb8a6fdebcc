// Turns the tree of a filter into what it asks: names into columns, values into what those hold, or says where not.

import { parseNetwork } from '../address/networks.ts';
import { didYouMean } from '../nearest.ts';
import { type Comparing, FILTER_COLUMNS, FILTER_NAMES, type FilterColumn, OPERATORS } from './columns.ts';
import type { Comparison, Filter, Value } from './parse.ts';
import type { Order, Predicate } from './predicate.ts';
import { filterError, shown } from './tokens.ts';
import { addressValue, scalarValue } from './values.ts';

/** `now` is for relative times (Unix ms). Throws VF_BAD_FILTER. */
export function resolveFilter(filter: Filter, now: number): Predicate {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, parts: filter.parts.map((part) => resolveFilter(part, now)) };
    case 'not':
      return { kind: 'not', part: resolveFilter(filter.part, now) };
    case 'comparison':
      return comparison(filter, now);
  }
}

/** Of two sides one is enough, except that `!=` speaks of both: `addr != x` keeps what x has no part in. */
function comparison(filter: Comparison, now: number): Predicate {
  const column = knownColumn(filter);
  const ofColumn = predicateOf(filter, column, now);
  const sides = column.columns.map(ofColumn);
  return sides.length === 1 ? sides[0] : { kind: filter.operator === '!=' ? 'and' : 'or', parts: sides };
}

function knownColumn({ name, column }: Comparison): FilterColumn {
  const known = FILTER_COLUMNS.get(name) ?? FILTER_COLUMNS.get(name.toLowerCase());
  if (known !== undefined) return known;
  const help = didYouMean(name, FILTER_NAMES) || `the columns are ${FILTER_NAMES.join(', ')}`;
  throw filterError(column, `there is no column ${shown(name)}`, help);
}

const isNull = ({ quoted, text }: Value): boolean => !quoted && text.toLowerCase() === 'null';

/** What is asked of each column of the comparison; the values are read once. */
function predicateOf(filter: Comparison, column: FilterColumn, now: number): (column: string) => Predicate {
  const { operator, values } = filter;
  const nullValue = values.find(isNull);
  if (nullValue !== undefined) {
    if (operator === '=' || operator === '!=')
      return (name) => ({ kind: 'null', column: name, isNull: operator === '=' });
    const help = 'ask for it with = null or != null';
    throw filterError(nullValue.column, `null cannot be compared with ${operator}`, help);
  }
  fits(filter, column);
  if (operator === '=' || operator === '!=' || operator === 'in') for (const value of values) mayBe(value, column);
  if (operator === '~') return (name) => ({ kind: 'contains', column: name, part: values[0].text });
  if (operator === 'in') return column.kind === 'address' ? inNetworks(values) : inValues(values, column, now);
  const order: Order = operator === '!=' ? '<>' : operator;
  const value =
    column.kind === 'address'
      ? ({ type: 'text', value: addressValue(values[0]) } as const)
      : scalarValue(values[0], column, now);
  return (name) => ({ kind: 'compare', column: name, order, value });
}

/** A bare word that a column of a closed set does not know; what is quoted is taken as it is. */
function mayBe({ text, quoted, column: at }: Value, { name, values, closed }: FilterColumn): void {
  const known = values.map(([value]) => value);
  if (!closed || quoted || known.some((one) => one.toLowerCase() === text.toLowerCase())) return;
  const meant = didYouMean(text, known);
  const help = meant === '' ? `${name} is one of ${known.join(', ')}; in quotes,` : `${meant} In quotes,`;
  throw filterError(at, `${shown(text)} is no ${name}`, `${help} any text is compared as it is`);
}

const WHY: Readonly<Partial<Record<Comparing, string>>> = { '~': 'which has no text' };

function fits({ operator, name, operatorColumn }: Comparison, { kind }: FilterColumn): void {
  if (OPERATORS[kind].includes(operator)) return;
  const why = WHY[operator] ?? 'whose addresses have no order';
  const help = `${name} is compared with one of ${OPERATORS[kind].join(' ')}`;
  throw filterError(operatorColumn, `${operator} does not fit ${name}, ${why}`, help);
}

function inValues(values: readonly Value[], column: FilterColumn, now: number): (column: string) => Predicate {
  const scalars = values.map((value) => scalarValue(value, column, now));
  return (name) => ({ kind: 'in', column: name, values: scalars });
}

/** Addresses are one list, and networks another. */
function inNetworks(values: readonly Value[]): (column: string) => Predicate {
  const networks = values.map((value) => {
    const network = parseNetwork(value.text);
    if (network !== null) return network;
    const help = 'give networks such as 10.0.0.0/8 or 2001:db8::/32';
    throw filterError(value.column, `${shown(value.text)} is no network`, help);
  });
  const several = networks.filter(({ single }) => single === null);
  const singles = networks.flatMap(({ single }) => (single === null ? [] : [{ type: 'text', value: single } as const]));
  return (column) => {
    const parts: Predicate[] = [];
    if (singles.length > 0) parts.push({ kind: 'in', column, values: singles });
    if (several.length > 0) parts.push({ kind: 'networks', column, networks: several });
    return parts.length === 1 ? parts[0] : { kind: 'or', parts };
  };
}

// Decides in the plainest way whether a row meets a filter: the reference that the compiled SQL is compared with.
import { type Comparison, type Filter, parseFilter } from '../../pipeline/filter/parse.ts';
import type { Row } from '../fakes/parquet-rows.ts';
import { addressBits } from './address-bits.ts';

type Cell = string | number | bigint | null;

const SIDES: Readonly<Record<string, readonly string[]>> = {
  addr: ['srcaddr', 'dstaddr'],
  port: ['srcport', 'dstport'],
};

/** The positions of the rows that meet the filter. */
export function matching(text: string, rows: readonly Row[]): number[] {
  const filter = parseFilter(text);
  return rows.flatMap((row, i) => (filter === null || holds(filter, row) ? [i] : []));
}

function holds(filter: Filter, row: Row): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => holds(part, row));
    case 'or':
      return filter.parts.some((part) => holds(part, row));
    case 'not':
      return !holds(filter.part, row);
    case 'comparison': {
      const cells = (SIDES[filter.name] ?? [filter.name]).map((name) => row[name] ?? null);
      const one = (cell: Cell) => compares(cell, filter);
      return filter.operator === '!=' ? cells.every(one) : cells.some(one);
    }
  }
}

function compares(cell: Cell, { operator, values, name }: Comparison): boolean {
  const [value] = values;
  if (!value.quoted && value.text === 'null') return (cell === null) === (operator === '=');
  if (cell === null) return false;
  const isAddress = name.endsWith('addr');
  if (isAddress && operator === 'in') return values.some((v) => inNetwork(String(cell), v.text));
  if (operator === '~') return String(cell).includes(value.text);
  const other = (text: string) => (typeof cell === 'string' ? text : BigInt(text));
  const order = (text: string) => {
    const [a, b] = [typeof cell === 'string' ? cell : BigInt(cell), other(text)];
    if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
    return a < b ? -1 : a > b ? 1 : 0;
  };
  switch (operator) {
    case '=':
      return order(value.text) === 0;
    case '!=':
      return order(value.text) !== 0;
    case '<':
      return order(value.text) < 0;
    case '<=':
      return order(value.text) <= 0;
    case '>':
      return order(value.text) > 0;
    case '>=':
      return order(value.text) >= 0;
    case 'in':
      return values.some((v) => order(v.text) === 0);
  }
}

function inNetwork(address: string, network: string): boolean {
  const [base, prefix] = network.split('/');
  const [a, b] = [addressBits(address), addressBits(base)];
  const length = prefix === undefined ? b.length : Number(prefix);
  return a.length === b.length && a.slice(0, length) === b.slice(0, length);
}

// Turns a difference into CSV: one line for each edge or flipped pair.
import type { Difference, SideEdge } from '../../schemas/diff.ts';
import type { QueryColumn, QueryValue } from '../../schemas/query.ts';
import { csvHeader, csvRow } from '../rows/text-formats.ts';

const text = (name: string): QueryColumn => ({ name, type: 'string' });
const integer = (name: string): QueryColumn => ({ name, type: 'integer' });

/** Lists are numbers separated by blanks: those of the window, then those that only the other one has. */
const COLUMNS: readonly QueryColumn[] = [
  ...['change', 'source', 'target', 'action_before', 'action_after'].map(text),
  ...['flows', 'packets', 'bytes'].flatMap((name) => [integer(`${name}_before`), integer(`${name}_after`)]),
  { name: 'ratio', type: 'double' },
  ...['protocols', 'ports'].map(text),
];

const union = (list: (edge: SideEdge) => readonly number[], ...edges: readonly (SideEdge | null)[]): string =>
  [...new Set(edges.flatMap((edge) => (edge === null ? [] : list(edge))))].join(' ');

function rowOf({ change, source, target, before, after, ratio }: Difference): QueryValue[] {
  const sides = (of: (edge: SideEdge) => QueryValue) => [before && of(before), after && of(after)];
  return [
    ...[change, source, target, ...sides(({ action }) => action)],
    ...sides(({ flows }) => flows),
    ...sides(({ packets }) => packets),
    ...sides(({ bytes }) => bytes),
    ratio,
    union(({ protocols }) => protocols, after, before),
    union(({ ports }) => ports, after, before),
  ];
}

export async function* diffCsv(differences: AsyncIterable<readonly Difference[]>): AsyncGenerator<string> {
  yield csvHeader(COLUMNS);
  for await (const some of differences) yield some.map((one) => csvRow(COLUMNS, rowOf(one))).join('');
}

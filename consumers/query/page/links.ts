// Turns what a page shows into the addresses and the command line that give the same.
import { formatTime } from '../../../pipeline/window.ts';
import type { Window } from '../../../schemas/query.ts';
import { OPTIONS } from '../../shared/options.ts';
import type { GraphFormat, GraphOptions } from '../questions/graph-question.ts';

/** What the page was asked: with the filter as it was written. */
export interface PageOptions extends GraphOptions {
  readonly filter: string;
}

type Parameters = Readonly<Record<string, string | number | null>>;

const address = (path: string, parameters: Parameters): string => {
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  return `${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
};

const times = ({ start, stop }: Window): Parameters => ({ start: formatTime(start), stop: formatTime(stop) });

/** Only what is not the default, so that an address says what is special about it. */
const special = ({ group, filter, top, count }: PageOptions): Parameters => ({
  group: group === OPTIONS.grouping.default ? null : group,
  filter: filter === '' ? null : filter,
  top,
  count: count === OPTIONS.count.default ? null : count,
});

export const graphAddress = (options: PageOptions, format: GraphFormat): string =>
  address('/v1/graph', { ...times(options.window), ...special(options), format });

export const rowsAddress = (options: PageOptions): string =>
  address('/v1/rows', { ...times(options.window), filter: special(options).filter, format: 'csv' });

export const coverageAddress = (options: PageOptions): string =>
  address('/v1/coverage', { ...times(options.window), format: 'csv' });

/** The page of another window, or of the same window asked in other words. */
export const pageAddress = (options: PageOptions, start: string, stop: string): string =>
  address('/', { start, stop, ...special(options) });

/** The window of the same length just before (-1) or after (1). */
export const shiftedPage = (options: PageOptions, by: -1 | 1): string => {
  const { start, stop } = options.window;
  const shift = by * (stop - start);
  return pageAddress(options, formatTime(start + shift), formatTime(stop + shift));
};

const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The command that prints the same graph as SVG. */
export function commandLine(options: PageOptions, store: string): string {
  const parameters = { store, ...times(options.window), ...special(options), format: 'svg' };
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === null ? [] : [`--${name} ${shellWord(String(value))}`],
  );
  return `vpcflow graph ${given.join(' ')}`;
}

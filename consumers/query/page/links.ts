// Turns what a page shows into the addresses and the command lines that give the same.
import type { Against } from '../../../pipeline/diff/diff-windows.ts';
import type { SmallerGraph } from '../../../pipeline/smaller-graphs.ts';
import { formatTime } from '../../../pipeline/window.ts';
import type { Window } from '../../../schemas/query.ts';
import { OPTIONS } from '../../shared/options.ts';
import type { DiffFormat } from '../questions/diff-question.ts';
import type { GraphFormat, GraphOptions } from '../questions/graph-question.ts';
import type { RowFormat } from '../questions/rows-question.ts';
import type { TextFormat } from '../questions/text-body.ts';

/** What the page was asked: with the filter as it was written. */
export interface PageOptions extends GraphOptions {
  readonly filter: string;
  readonly against: Against | null;
}

type Parameters = Readonly<Record<string, string | number | null>>;

const address = (path: string, parameters: Parameters): string => {
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  return `${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
};

const times = ({ start, stop }: Window): Parameters => ({ start: formatTime(start), stop: formatTime(stop) });

/** Only what is not the default, so that an address says what is special about it. */
const special = ({ group, internet, filter, top, count }: PageOptions): Parameters => ({
  group: group === OPTIONS.grouping.default ? null : group,
  internet: internet === OPTIONS.internet.default ? null : internet,
  filter: filter === '' ? null : filter,
  top,
  count: count === OPTIONS.count.default ? null : count,
});

export const graphAddress = (options: PageOptions, format: GraphFormat): string =>
  address('/v1/graph', { ...times(options.window), ...special(options), format });

export const rowsAddress = (options: PageOptions, format: RowFormat): string =>
  address('/v1/rows', { ...times(options.window), filter: special(options).filter, format });

export const coverageAddress = (options: PageOptions, format: TextFormat): string =>
  address('/v1/coverage', { ...times(options.window), format });

export const seriesAddress = (options: PageOptions, format: TextFormat): string =>
  address('/v1/series', {
    ...times(options.window),
    ...{ filter: special(options).filter, count: special(options).count, format },
  });

export const diffAddress = (options: PageOptions, format: DiffFormat): string =>
  address('/v1/diff', {
    ...times(options.window),
    ...{ against: options.against, incomplete: 'true' },
    ...special(options),
    format,
  });

/** The page of another window, or of the same window asked in other words. */
export const pageAddress = (options: PageOptions, start: string, stop: string): string =>
  address('/', { start, stop, ...special(options), against: options.against });

/** The page of a graph that is smaller. */
export const smallerPage = (options: PageOptions, { change }: SmallerGraph): string =>
  address('/', { ...times(options.window), ...special(options), against: options.against, ...change });

/** The address to which a node's filter is appended: the same page without one. */
export const unfilteredPage = (options: PageOptions): string =>
  address('', { ...times(options.window), ...special(options), filter: null, against: options.against });

/** The window of the same length just before (-1) or after (1). */
export const shiftedPage = (options: PageOptions, by: -1 | 1): string => {
  const { start, stop } = options.window;
  const shift = by * (stop - start);
  return pageAddress(options, formatTime(start + shift), formatTime(stop + shift));
};

const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The command that prints the same graph as SVG; of a difference, the same difference. */
export function commandLine(options: PageOptions, store: string): string {
  const asked = { store, ...times(options.window), ...special(options) };
  const parameters = options.against === null ? asked : { ...asked, against: options.against };
  const given = Object.entries({ ...parameters, format: 'svg' }).flatMap(([name, value]) =>
    value === null ? [] : [`--${name} ${shellWord(String(value))}`],
  );
  return options.against === null ? `vpcflow graph ${given.join(' ')}` : `vpcflow diff ${given.join(' ')} --incomplete`;
}

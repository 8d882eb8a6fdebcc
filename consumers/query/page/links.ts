// Turns what a page shows into the addresses and the command lines that give the same.
import { quotedText } from '../../../pipeline/filter/print.ts';
import type { SmallerGraph } from '../../../pipeline/graph/smaller-graphs.ts';
import { formatTime } from '../../../pipeline/window/window.ts';
import type { Against } from '../../../schemas/diff.ts';
import type { DiffFormat, GraphFormat, RowFormat, TextFormat } from '../../../schemas/formats.ts';
import type { Window } from '../../../schemas/query.ts';
import { OPTIONS } from '../../shared/options.ts';
import type { GraphOptions } from '../questions/graph-question.ts';

/** What the page was asked: with the filter as it was written. */
export interface PageOptions extends GraphOptions {
  readonly filter: string;
  readonly against: Against | null;
  /** Compares those minutes too that are not complete. */
  readonly incomplete: boolean;
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

/** What is compared; nothing of it without a window to compare with. */
const compared = ({ against, incomplete }: PageOptions): Parameters => ({
  against,
  incomplete: against !== null && incomplete ? 'true' : null,
});

/** The window's graph in a format, as `/v1/graph` answers it. */
export const graphAddress = (options: PageOptions, format: GraphFormat): string =>
  address('/v1/graph', { ...times(options.window), ...special(options), format });

/** The window's rows in a format: with the filter, and without what only a graph has. */
export const rowsAddress = (options: PageOptions, format: RowFormat): string =>
  address('/v1/rows', { ...times(options.window), filter: special(options).filter, format });

/** The sessions that overlap the window, as `/v1/mirroring/sessions` answers them. */
export const mirroringAddress = (options: PageOptions, format: TextFormat): string =>
  address('/v1/mirroring/sessions', { ...times(options.window), format });

const onInterface = (id: string): string => `interface_id = ${quotedText(id)}`;

/** The rows of one interface in the window. */
export const interfaceRows = (options: PageOptions, id: string): string =>
  address('/v1/rows', { ...times(options.window), filter: onInterface(id), format: 'csv' });

/** The page of the same window with the flows of one interface, and no other filter. */
export const interfacePage = (options: PageOptions, id: string): string =>
  address('/', { ...times(options.window), ...special(options), filter: onInterface(id), ...compared(options) });

/** The coverage of the window in a format; it has no filter. */
export const coverageAddress = (options: PageOptions, format: TextFormat): string =>
  address('/v1/coverage', { ...times(options.window), format });

/** The window's series in a format, with the filter and the way of counting. */
export const seriesAddress = (options: PageOptions, format: TextFormat): string =>
  address('/v1/series', {
    ...times(options.window),
    ...{ filter: special(options).filter, count: special(options).count, format },
  });

/** What differs between the window and the one it is compared with, in a format. */
export const diffAddress = (options: PageOptions, format: DiffFormat): string =>
  address('/v1/diff', {
    ...times(options.window),
    ...compared(options),
    ...special(options),
    format,
  });

/** The page of another window, or of the same window asked in other words. */
export const pageAddress = (options: PageOptions, start: string, stop: string): string =>
  address('/', { start, stop, ...special(options), ...compared(options) });

/** The same page with a comparison of all minutes, or of the complete ones. */
export const comparingPage = (options: PageOptions, incomplete: boolean): string =>
  address('/', { ...times(options.window), ...special(options), ...compared({ ...options, incomplete }) });

/** The page of a graph that is smaller. */
export const smallerPage = (options: PageOptions, { change }: SmallerGraph): string =>
  address('/', { ...times(options.window), ...special(options), ...compared(options), ...change });

/** The address to which a node's filter is appended: the same page without one. */
export const unfilteredPage = (options: PageOptions): string =>
  address('', { ...times(options.window), ...special(options), filter: null, ...compared(options) });

/** The window of the same length just before (-1) or after (1). */
export const shiftedPage = (options: PageOptions, by: -1 | 1): string => {
  const { start, stop } = options.window;
  const shift = by * (stop - start);
  return pageAddress(options, formatTime(start + shift), formatTime(stop + shift));
};

const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** `vpcflow rows --store … --format csv`: what is null is left out, what is true is a flag. */
const command = (name: string, parameters: Parameters, ...flags: readonly string[]): string =>
  [
    `vpcflow ${name}`,
    ...Object.entries(parameters).flatMap(([option, value]) =>
      value === null ? [] : [`--${option} ${shellWord(String(value))}`],
    ),
    ...flags,
  ].join(' ');

/** The commands that print the same: the graph (of a comparison, the difference) as SVG, rows and series as CSV. */
export function commandLines(options: PageOptions, store: string, isMirrored: boolean): readonly string[] {
  const { against, incomplete } = options;
  const window = { store, ...times(options.window) };
  const { filter, count } = special(options);
  const graph = { ...window, ...special(options), against, format: 'svg' };
  const flags = against !== null && incomplete ? ['--incomplete'] : [];
  return [
    command(against === null ? 'graph' : 'diff', graph, ...flags),
    command('rows', { ...window, filter, format: 'csv' }),
    command('series', { ...window, filter, count, format: 'csv' }),
    ...(isMirrored ? [command('mirror sessions', { ...window, format: 'csv' })] : []),
  ];
}

// Turns what a backfill did into the lines that it ends with.
import type { Counts } from '../../schemas/counts.ts';
import type { ListingFacts } from './listing-facts.ts';

/** What became of the sources; everything in it is a sum, however many there were. */
export interface Outcome {
  readonly loaded: number; // objects
  /** Objects that were in the store already, or twice among the sources. */
  readonly known: number;
  readonly failed: number;
  readonly bytes: number; // of the loaded objects, as they lie on disk
  readonly seconds: number;
  /** Of what was committed. */
  readonly counts: Counts;
  /** Whether all sources are files of this machine. */
  readonly files: boolean;
}

export const number = (value: number | bigint): string => value.toLocaleString('en-US');
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

export const size = (bytes: number): string => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};

/** How many objects and lines, what became of each line, and how fast. */
export const summarize = (outcome: Outcome, dryRun: boolean): string => {
  const { loaded, known, failed, bytes, seconds, files, counts } = outcome;
  const { lines, rejects } = counts;
  const why = Object.entries(rejects.by_reason)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, count]) => `${reason} ${number(count)}`);
  const beside = [
    ['duplicate envelope', counts.duplicates],
    ['control message', counts.control],
    ['overlap', counts.overlaps],
  ] as const;
  const skipped = counts.skipped ?? 0;
  const fate = [
    plural(counts.flows, 'flow'),
    `${number(counts.nodata)} NODATA`,
    `${number(counts.skipdata)} SKIPDATA`,
    `${plural(rejects.total, 'reject')}${rejects.total === 0 ? '' : ` (${why.join(', ')})`}`,
    ...(skipped === 0 ? [] : [`${number(skipped)} skipped, of which another feed has evidence`]),
    ...beside.filter(([, count]) => count > 0).map(([what, count]) => plural(count, what)),
  ];
  const objects = [
    `${number(loaded)} ${dryRun ? 'readable' : 'loaded'}`,
    `${number(known)} already there`,
    ...(failed === 0 ? [] : [`${number(failed)} failed`]),
  ];
  const noun = files ? 'file' : 'object';
  return [
    `${plural(loaded + known + failed, noun)}: ${objects.join(', ')}${dryRun ? '; nothing was written' : ''}`,
    `${plural(lines, 'line')}: ${fate.join(', ')}`,
    `${size(bytes)} in ${seconds.toFixed(1)} s: ${size(bytes / seconds)}/s, ${number(Math.round(lines / seconds))} lines/s`,
  ].join('\n');
};

/** Fields of headers and schemas that were left out; nothing where there were none. */
export const fieldRemarks = (unknown: ReadonlySet<string>): readonly string[] =>
  unknown.size === 0
    ? []
    : [`left out, because this version does not know them: the fields ${[...unknown].join(', ')}`];

/** What the listing left out, and what it took without knowing; nothing where there was neither. */
export const listingRemarks = (facts: ListingFacts): readonly string[] => {
  const { prunedObjects, prunedPrefixes, unknown, empty, siblings } = facts;
  const outside = [
    ...(prunedPrefixes === 0 ? [] : [`${plural(prunedPrefixes, 'prefix', 'prefixes')} not listed`]),
    ...(prunedObjects === 0 ? [] : [`${plural(prunedObjects, 'object')} left out`]),
  ];
  return [
    ...(outside.length === 0 ? [] : [`outside of what was asked for: ${outside.join(', ')}`]),
    ...(siblings === 0
      ? []
      : [`of other services: ${plural(siblings, 'object or prefix', 'objects or prefixes')} left out`]),
    ...(empty === 0 ? [] : [`${plural(empty, 'empty object')} left out`]),
    ...(unknown === 0
      ? []
      : [`taken although their names do not tell time, account or region: ${plural(unknown, 'object')}`]),
  ];
};

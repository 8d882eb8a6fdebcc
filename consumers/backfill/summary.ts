// Turns what a backfill did into the lines that it ends with.
import type { Counts } from '../../schemas/counts.ts';

export interface Outcome {
  readonly loaded: number; // objects
  /** Objects that were in the store already, or twice among the sources. */
  readonly known: number;
  readonly failed: number;
  readonly bytes: number; // of the loaded objects, as they lie on disk
  readonly seconds: number;
  /** One for each part that was committed. */
  readonly parts: readonly Counts[];
}

const number = (value: number | bigint): string => value.toLocaleString('en-US');
const plural = (count: number, one: string): string => `${number(count)} ${one}${count === 1 ? '' : 's'}`;

const size = (bytes: number): string => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};

const total = (parts: readonly Counts[], of: (counts: Counts) => number): number =>
  parts.reduce((sum, counts) => sum + of(counts), 0);

/** How many objects and lines, what became of each line, and how fast. */
export const summarize = ({ loaded, known, failed, bytes, seconds, parts }: Outcome, dryRun: boolean): string => {
  const reasons = new Map<string, number>();
  for (const { rejects } of parts) {
    for (const [reason, count] of Object.entries(rejects.by_reason)) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    }
  }
  const rejects = total(parts, (counts) => counts.rejects.total);
  const why = [...reasons].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => `${reason} ${number(count)}`);
  const lines = total(parts, (counts) => counts.lines);
  const beside = [
    ['duplicate envelope', total(parts, (counts) => counts.duplicates)],
    ['control message', total(parts, (counts) => counts.control)],
    ['overlap', total(parts, (counts) => counts.overlaps)],
  ] as const;
  const fate = [
    plural(
      total(parts, (counts) => counts.flows),
      'flow',
    ),
    `${number(total(parts, (counts) => counts.nodata))} NODATA`,
    `${number(total(parts, (counts) => counts.skipdata))} SKIPDATA`,
    `${plural(rejects, 'reject')}${rejects === 0 ? '' : ` (${why.join(', ')})`}`,
    ...beside.filter(([, count]) => count > 0).map(([what, count]) => plural(count, what)),
  ];
  const objects = [
    `${number(loaded)} ${dryRun ? 'readable' : 'loaded'}`,
    `${number(known)} already there`,
    ...(failed === 0 ? [] : [`${number(failed)} failed`]),
  ];
  return [
    `${plural(loaded + known + failed, 'file')}: ${objects.join(', ')}${dryRun ? '; nothing was written' : ''}`,
    `${plural(lines, 'line')}: ${fate.join(', ')}`,
    `${size(bytes)} in ${seconds.toFixed(1)} s: ${size(bytes / seconds)}/s, ${number(Math.round(lines / seconds))} lines/s`,
  ].join('\n');
};

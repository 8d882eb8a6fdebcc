// Turns what a backfill did into the lines that it ends with.
import { formatBytes, formatCount, formatMany } from '../../../pipeline/quantities.ts';
import { isEverything, type Selection } from '../../../pipeline/s3-layout/selection.ts';
import type { Counts } from '../../../schemas/counts.ts';
import { ENVELOPE_REASONS, LINE_REASONS, type RejectReason } from '../../../schemas/rejects.ts';
import type { ListingFacts } from '../listing/listing-facts.ts';

/** What became of the sources; everything in it is a sum, however many there were. */
export interface Outcome {
  readonly loaded: number; // objects
  /** Objects that were in the store already, or twice among the sources. */
  readonly known: number;
  /** Of the known: those of which lines were left out; absent: none. */
  readonly leftOut?: number;
  readonly failed: number;
  readonly bytes: number; // of the loaded objects, as they lie on disk
  readonly seconds: number;
  /** Of what was committed. */
  readonly counts: Counts;
  /** Whether all sources are files of this machine. */
  readonly files: boolean;
}

/** Bytes, or a rate of them. */
export const size = (bytes: number): string => formatBytes(BigInt(Math.round(bytes)));

/** `token_count 3, bad_time 1` of these rejects; nothing where there are none. */
const reasons = ({ by_reason: counts }: Counts['rejects'], of: readonly RejectReason[]): string => {
  const found = of.filter((reason) => (counts[reason] ?? 0) > 0).toSorted();
  return found.length === 0
    ? ''
    : ` (${found.map((reason) => `${reason} ${formatCount(counts[reason] ?? 0)}`).join(', ')})`;
};

/** What became of each line, and what there was beside them. */
const lineSentence = (counts: Counts): string => {
  const { lines, events, rejects, skipped = 0 } = counts;
  const ofLines: readonly RejectReason[] = rejects.lines === 0 ? [] : LINE_REASONS;
  const ofEnvelopes = ENVELOPE_REASONS.filter((reason) => !ofLines.includes(reason));
  const fate = [
    formatMany(counts.flows, 'flow'),
    `${formatCount(counts.nodata)} NODATA`,
    `${formatCount(counts.skipdata)} SKIPDATA`,
    ...(events === 0 ? [] : [formatMany(events, 'event')]),
    `${formatMany(rejects.lines, 'reject')}${reasons(rejects, ofLines)}`,
    ...(skipped === 0 ? [] : [`${formatCount(skipped)} skipped, of which another feed has evidence`]),
  ];
  const others = [
    [counts.duplicates, 'duplicate envelope'],
    [counts.control, 'control message'],
    [counts.overlaps, 'overlap'],
  ] as const;
  const beside = [
    ...(rejects.envelopes === 0
      ? []
      : [`${formatMany(rejects.envelopes, 'envelope')} rejected${reasons(rejects, ofEnvelopes)}`]),
    ...others.filter(([count]) => count > 0).map(([count, what]) => formatMany(count, what)),
  ];
  const end = beside.length === 0 ? '' : `; beside them ${beside.join(', ')}`;
  return `${formatMany(lines, 'line')}: ${fate.join(', ')}${end}`;
};

/** How many objects and lines, what became of each line, and how fast. */
export const summarize = (outcome: Outcome, dryRun: boolean): string => {
  const { loaded, known, leftOut = 0, failed, bytes, seconds, files, counts } = outcome;
  const partly = leftOut === 0 ? '' : ` (${formatCount(leftOut)} of them without the lines that another feed had)`;
  const objects = [
    `${formatCount(loaded)} ${dryRun ? 'readable' : 'loaded'}`,
    `${formatCount(known)} already there${partly}`,
    ...(failed === 0 ? [] : [`${formatCount(failed)} failed`]),
  ];
  const noun = files ? 'file' : 'object';
  const rate = `${size(bytes / seconds)}/s, ${formatMany(Math.round(counts.lines / seconds), 'line')}/s`;
  return [
    `${formatMany(loaded + known + failed, noun)}: ${objects.join(', ')}${dryRun ? '; nothing was written' : ''}`,
    lineSentence(counts),
    `${size(bytes)} in ${seconds.toFixed(1)} s: ${rate}`,
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
    ...(prunedPrefixes === 0 ? [] : [`${formatMany(prunedPrefixes, 'prefix', 'prefixes')} not listed`]),
    ...(prunedObjects === 0 ? [] : [`${formatMany(prunedObjects, 'object')} left out`]),
  ];
  return [
    ...(outside.length === 0 ? [] : [`outside of what was asked for: ${outside.join(', ')}`]),
    ...(siblings === 0
      ? []
      : [`of other services: ${formatMany(siblings, 'object or prefix', 'objects or prefixes')} left out`]),
    ...(empty === 0 ? [] : [`${formatMany(empty, 'empty object')} left out`]),
    ...(unknown === 0
      ? []
      : [`taken although their names do not tell time, account or region: ${formatMany(unknown, 'object')}`]),
  ];
};

/** What was named and not met; nothing where all was. */
export const selectionRemarks = (facts: ListingFacts, selection: Selection): readonly string[] => {
  if (facts.objects === 0) return isEverything(selection) ? [] : ['nothing of what was asked for was found'];
  const told = [...facts.days.keys()].map((key) => key.split(' '));
  const unmet = (names: readonly string[], column: number, what: string): readonly string[] => {
    const met = new Set(told.map((key) => key[column]));
    const missing = names.filter((name) => !met.has(name));
    return missing.map((name) => `nothing of ${what} ${name} was found${facts.unknown === 0 ? '' : ' by its name'}`);
  };
  return [...unmet(selection.accounts, 0, 'account'), ...unmet(selection.regions, 1, 'region')];
};

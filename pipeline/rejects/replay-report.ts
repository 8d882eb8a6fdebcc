// Turns what a replay did into the lines that it ends with.
import type { RejectReason } from '../../schemas/rejects.ts';
import { formatCount, formatMany } from '../quantities.ts';
import type { Unreplayable } from './reject-row.ts';

/** What became of the selected rejects of some sources. */
export interface ReplayOutcome {
  /** Lines that decode now and are taken over (or, dry, would be), and the sources that they are of. */
  readonly taken: number;
  readonly sources: number;
  /** Of `taken`: left out, because another feed has evidence of their interface and minute. */
  readonly skipped: number;
  /** Of `taken`: what an earlier replay had claimed and not committed. */
  readonly finished: number;
  /** Lines that still do not decode, by the reason of this time. */
  readonly unmatched: ReadonlyMap<RejectReason, number>;
  readonly unreplayable: ReadonlyMap<Unreplayable, number>;
}

export const NOTHING: ReplayOutcome = {
  ...{ taken: 0, sources: 0, skipped: 0, finished: 0 },
  unmatched: new Map(),
  unreplayable: new Map(),
};

const added = <K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>): ReadonlyMap<K, number> => {
  const sum = new Map(a);
  for (const [key, count] of b) sum.set(key, (sum.get(key) ?? 0) + count);
  return sum;
};

/** Both together, of different sources. */
export const together = (a: ReplayOutcome, b: ReplayOutcome): ReplayOutcome => ({
  taken: a.taken + b.taken,
  sources: a.sources + b.sources,
  skipped: a.skipped + b.skipped,
  finished: a.finished + b.finished,
  unmatched: added(a.unmatched, b.unmatched),
  unreplayable: added(a.unreplayable, b.unreplayable),
});

const sumOf = (counts: ReadonlyMap<unknown, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

const WHY: Readonly<Record<Unreplayable, (count: number) => string>> = {
  envelope: (n) =>
    `${formatMany(n, 'reject')} of a whole record or object: there ${n === 1 ? 'is no line' : 'are no lines'} in it`,
  cut: (n) => `${formatMany(n, 'line')} longer than 64 KiB: only the beginning is kept`,
};

export interface ReplayFacts {
  readonly dryRun: boolean;
  /** Whether every source was gone through: none was refused, and nobody interrupted. */
  readonly whole: boolean;
  /** Whether --formats or --format was given. */
  readonly formatsGiven: boolean;
}

const outcomeLine = (taken: number, still: number, sources: number, dryRun: boolean): string => {
  const nothing = dryRun ? '; nothing was written' : '';
  const done = dryRun ? 'would be taken' : 'taken';
  if (taken === 0) return `${formatMany(still, 'line')} read, none of which ${dryRun ? done : 'was taken'}${nothing}`;
  const lines = formatMany(taken + still, 'line');
  return `${formatCount(taken)} of ${lines} ${done} into ${formatMany(sources, 'source')}${nothing}`;
};

const nothingTaken = (formatsGiven: boolean): string =>
  formatsGiven
    ? 'nothing could be taken: look at the lines with `vpcflow rejects list`'
    : 'nothing could be taken under the formats of before: give the right ones with --formats or --format ' +
      '(`vpcflow formats discover` writes a formats file)';

/** The lines in their order; none where all that there is to say is why sources were refused. */
export const replaySummary = (outcome: ReplayOutcome, facts: ReplayFacts): readonly string[] => {
  const { taken, sources, skipped, finished, unmatched, unreplayable } = outcome;
  const { dryRun, whole, formatsGiven } = facts;
  const still = sumOf(unmatched);
  const reasons = [...unmatched]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, n]) => `${reason} ${formatCount(n)}`);
  const kept = sumOf(unreplayable);
  return [
    ...(taken + still === 0 ? [] : [outcomeLine(taken, still, sources, dryRun)]),
    ...(skipped === 0 ? [] : [`${formatCount(skipped)} of them left out: another feed has their interface and minute`]),
    ...(finished === 0 ? [] : [`${formatCount(finished)} of them had been claimed by a replay that did not finish`]),
    ...(still === 0
      ? []
      : [`${formatMany(still, 'line')} still ${still === 1 ? 'does' : 'do'} not match: ${reasons.join(', ')}`]),
    ...[...unreplayable].sort(([a], [b]) => (a < b ? -1 : 1)).map(([why, n]) => `cannot be replayed: ${WHY[why](n)}`),
    ...(whole && taken + still + kept === 0 ? ['no reject is selected that was not replayed before'] : []),
    ...(taken === 0 && still > 0 ? [nothingTaken(formatsGiven)] : []),
  ];
};

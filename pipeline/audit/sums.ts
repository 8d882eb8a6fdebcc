// Turns commits, one at a time, into the sums of an audit and its list of gaps.
import type { AuditGap, AuditReport, AuditResult } from '../../schemas/audit.ts';
import type { Commit, Replays } from '../../schemas/chain.ts';
import type { RejectReason } from '../../schemas/rejects.ts';
import { rowCount } from '../rejects/row-ranges.ts';

/** A store that is wrong everywhere must not fill the memory: past this many gaps the rest is only counted. */
export const MAX_GAPS = 10_000;

const COUNTED = [
  'records',
  'envelopes',
  'control',
  'duplicates',
  'overlaps',
  'lines',
  'flows',
  'nodata',
  'skipdata',
  'events',
  'skipped',
  'packets',
  'bytes',
] as const;

type Counted = (typeof COUNTED)[number];

export class AuditSums {
  readonly #sums = new Map<Counted, bigint>();
  readonly #reasons = new Map<RejectReason, bigint>();
  readonly #gaps: AuditGap[] = [];
  readonly #open = new Set<string>();
  readonly #expired: string[] = [];
  #rejects = { total: 0n, lines: 0n, envelopes: 0n };
  #replayed = 0n;
  #objects = 0n;
  #rows = 0n;
  #uncounted = 0;

  /** A commit, and how many rows its digests were found to have. */
  add(commit: Commit, rows: bigint): void {
    const { counts, objects, replays } = commit;
    for (const name of COUNTED) this.#sums.set(name, this.#sum(name) + BigInt(counts[name] ?? 0));
    const { total, lines, envelopes, by_reason } = counts.rejects;
    this.#rejects = {
      total: this.#rejects.total + BigInt(total),
      lines: this.#rejects.lines + BigInt(lines),
      envelopes: this.#rejects.envelopes + BigInt(envelopes),
    };
    for (const [reason, count] of reasonsOf(by_reason)) {
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0n) + BigInt(count));
    }
    if (replays !== undefined) this.#takeOver(replays);
    this.#objects += BigInt(objects.length);
    this.#rows += rows;
  }

  /** The lines of a replay were counted before, as rejects of its source. */
  #takeOver({ rows, by_reason }: Replays): void {
    const lines = BigInt(rowCount(rows));
    this.#replayed += lines;
    this.#sums.set('lines', this.#sum('lines') - lines);
    const { total, lines: rejected, envelopes } = this.#rejects;
    this.#rejects = { total: total - lines, lines: rejected - lines, envelopes };
    for (const [reason, count] of reasonsOf(by_reason)) {
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0n) - BigInt(count));
    }
  }

  gap(...gaps: readonly AuditGap[]): void {
    for (const gap of gaps) {
      if (this.#gaps.length < MAX_GAPS) this.#gaps.push(gap);
      else this.#uncounted++;
    }
  }

  open(source: string): void {
    this.#open.add(source);
  }

  expired(sentence: string): void {
    this.#expired.push(sentence);
  }

  result(): AuditResult {
    const more = { source: 'audit', what: 'further gaps', expected: 0, found: this.#uncounted };
    const gaps = this.#uncounted === 0 ? this.#gaps : [...this.#gaps, more];
    const left = [...this.#reasons].filter(([, count]) => count !== 0n);
    const report: AuditReport = {
      ok: gaps.length === 0,
      objects: this.#objects,
      records: this.#sum('records'),
      envelopes: this.#sum('envelopes'),
      control: this.#sum('control'),
      duplicates: this.#sum('duplicates'),
      overlaps: this.#sum('overlaps'),
      lines: this.#sum('lines'),
      flows: this.#sum('flows'),
      nodata: this.#sum('nodata'),
      skipdata: this.#sum('skipdata'),
      events: this.#sum('events'),
      skipped: this.#sum('skipped'),
      rejects: { ...this.#rejects, by_reason: Object.fromEntries(left.sort()) },
      replayed: this.#replayed,
      packets: this.#sum('packets'),
      bytes: this.#sum('bytes'),
      rows: this.#rows,
      gaps,
    };
    return { report, open: [...this.#open].sort(), expired: this.#expired };
  }

  #sum(name: Counted): bigint {
    return this.#sums.get(name) ?? 0n;
  }
}

/** The reasons of a count with how often each occurred. */
export const reasonsOf = (
  counts: Readonly<Partial<Record<RejectReason, number>>>,
): readonly (readonly [RejectReason, number])[] =>
  // Object.entries forgets what the keys are; the type of the argument says it.
  (Object.entries(counts) as [RejectReason, number][]).sort(([a], [b]) => (a < b ? -1 : 1));

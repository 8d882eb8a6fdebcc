// Adds up what became of each object, whatever their number.
import type { Counts } from '../../../schemas/counts.ts';
import type { RejectReason } from '../../../schemas/rejects.ts';
import type { LoadedSource } from '../lanes/loader.ts';

export const NO_COUNTS: Counts = {
  records: 0,
  envelopes: 0,
  control: 0,
  duplicates: 0,
  overlaps: 0,
  lines: 0,
  flows: 0,
  nodata: 0,
  skipdata: 0,
  events: 0,
  rejects: { total: 0, lines: 0, envelopes: 0, by_reason: {} },
  packets: 0n,
  bytes: 0n,
};

const addReasons = (
  a: Counts['rejects']['by_reason'],
  b: Counts['rejects']['by_reason'],
): Counts['rejects']['by_reason'] => {
  const sum: Partial<Record<RejectReason, number>> = { ...a };
  // Their keys are reasons: that is their type.
  for (const [reason, count] of Object.entries(b) as [RejectReason, number][]) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
};

export const addCounts = (a: Counts, b: Counts): Counts => {
  const skipped = (a.skipped ?? 0) + (b.skipped ?? 0);
  return {
    records: a.records + b.records,
    envelopes: a.envelopes + b.envelopes,
    control: a.control + b.control,
    duplicates: a.duplicates + b.duplicates,
    overlaps: a.overlaps + b.overlaps,
    lines: a.lines + b.lines,
    flows: a.flows + b.flows,
    nodata: a.nodata + b.nodata,
    skipdata: a.skipdata + b.skipdata,
    events: a.events + b.events,
    ...(skipped === 0 ? {} : { skipped }),
    rejects: {
      total: a.rejects.total + b.rejects.total,
      lines: a.rejects.lines + b.rejects.lines,
      envelopes: a.rejects.envelopes + b.rejects.envelopes,
      by_reason: addReasons(a.rejects.by_reason, b.rejects.by_reason),
    },
    packets: a.packets + b.packets,
    bytes: a.bytes + b.bytes,
  };
};

/** Headers are data: so many names are kept. */
const MAX_UNKNOWN = 100;

export class Totals {
  loaded = 0;
  known = 0;
  leftOut = 0; // of the known: those of which lines were left out
  bytes = 0; // of the loaded
  counts: Counts = NO_COUNTS;
  /** Of headers and schemas, each once. */
  readonly unknownFields = new Set<string>();

  add({ outcome, bytes, parts, leftOut, unknownFields = [] }: LoadedSource): void {
    if (leftOut === true) this.leftOut++;
    if (outcome === 'known') this.known++;
    else {
      this.loaded++;
      this.bytes += bytes;
    }
    for (const field of unknownFields) if (this.unknownFields.size < MAX_UNKNOWN) this.unknownFields.add(field);
    for (const part of parts) this.counts = addCounts(this.counts, part);
  }
}

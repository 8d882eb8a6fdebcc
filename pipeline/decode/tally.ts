// Counts every record, envelope and line of one source exactly once, and turns into the Counts that a commit states.
import type { Counts } from '../../schemas/counts.ts';
import {
  ENVELOPE_REASONS,
  LINE_REASONS,
  type LineReason,
  type Reject,
  type RejectReason,
} from '../../schemas/rejects.ts';
import { type Flow, NULL } from '../flow.ts';
import type { Format } from '../formats/format.ts';
import { GroupTally, type LogGroupLines } from '../formats/group-tally.ts';
import type { RemovedLines } from '../overlap/removed-lines.ts';

const PACKETS = 0; // in SUM_FIELDS
const BYTES = 1;
/** Headers are data: no more names of fields than this are kept of one source. */
const MAX_UNKNOWN_FIELDS = 100;

/** A sum of integers up to 2^53 - 1 that stays exact: doubles while they are, a bigint beyond. */
class ExactSum {
  #small = 0; // at most 2^52, so that adding at most 2^52 is exact
  #large = 0n;

  add(value: number): void {
    if (value > 2 ** 52) {
      this.#large += BigInt(value);
      return;
    }
    this.#small += value;
    if (this.#small > 2 ** 52) {
      this.#large += BigInt(this.#small);
      this.#small = 0;
    }
  }

  /** Takes back part of what was added. */
  subtract(value: bigint): void {
    this.#large -= value;
  }

  get value(): bigint {
    return this.#large + BigInt(this.#small);
  }
}

/** Mutable counters; each method counts one thing completely, so that no counter can be half-called. */
export class Tally {
  #records = 0;
  #envelopes = 0;
  #control = 0;
  #duplicates = 0;
  #overlaps = 0;
  #flows = 0;
  #nodata = 0;
  #skipdata = 0;
  #events = 0;
  #skipped = 0;
  #lineRejects = 0;
  #envelopeRejects = 0;
  readonly #byReason = new Map<RejectReason, number>();
  readonly #packets = new ExactSum();
  readonly #bytes = new ExactSum();
  #longestInterval = 0;
  #decompressedBytes = 0;
  readonly #groups = new GroupTally();
  readonly #unknownFields = new Set<string>();

  /** A record of the stream, or an object, was read. */
  record(): void {
    this.#records++;
  }

  /** A data message was merged. */
  envelope(): void {
    this.#envelopes++;
  }

  control(): void {
    this.#control++;
  }

  /** An envelope or a whole record was recognised as delivered before, and not merged. */
  duplicate(): void {
    this.#duplicates++;
  }

  /** A merged envelope shares event ids with an earlier one without being its copy. */
  overlap(): void {
    this.#overlaps++;
  }

  /** A line was merged into the digest. */
  flow(flow: Flow): void {
    this.#flows++;
    const packets = flow.sums[PACKETS];
    const bytes = flow.sums[BYTES];
    if (packets !== NULL) this.#packets.add(packets);
    if (bytes !== NULL) this.#bytes.add(bytes);
    this.#interval(flow);
  }

  nodata(flow: Flow): void {
    this.#nodata++;
    this.#interval(flow);
  }

  skipdata(): void {
    this.#skipdata++;
  }

  /** A line was a CloudTrail management event. */
  event(): void {
    this.#events++;
  }

  /** Lines that were counted as flows, NODATA or SKIPDATA are left out after all. */
  skip({ flows, nodata, skipdata, packets, bytes }: RemovedLines): void {
    this.#flows -= flows;
    this.#nodata -= nodata;
    this.#skipdata -= skipdata;
    this.#skipped += flows + nodata + skipdata;
    this.#packets.subtract(packets);
    this.#bytes.subtract(bytes);
  }

  reject(scope: Reject['scope'], reason: RejectReason): void {
    if (scope === 'line') this.#lineRejects++;
    else this.#envelopeRejects++;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
  }

  /** Lines counted so far, whatever became of them. */
  get lines(): number {
    return this.#flows + this.#nodata + this.#skipdata + this.#events + this.#skipped + this.#lineRejects;
  }

  /** Longest `end - start` of a flow or NODATA line, seconds. */
  get longestInterval(): number {
    return this.#longestInterval;
  }

  /** Bytes of a record were decompressed. */
  decompressed(bytes: number): void {
    this.#decompressedBytes += bytes;
  }

  get decompressedBytes(): number {
    return this.#decompressedBytes;
  }

  /** The lines that follow came with this log group, or without any. */
  useGroup(logGroup: string | null): void {
    this.#groups.use(logGroup, this.lines);
  }

  /** A line of the group was rejected; whether its format is to blame is for the reason to say. */
  mismatch(reason: LineReason, format: Format, raw: Uint8Array): void {
    this.#groups.reject(reason, format, raw);
  }

  /** How the lines of each log group fared under its format. */
  groups(): readonly LogGroupLines[] {
    return this.#groups.lines(this.lines);
  }

  /** A header named fields that we do not know: their values are skipped. */
  skippedFields(ids: readonly string[]): void {
    for (const id of ids) if (this.#unknownFields.size < MAX_UNKNOWN_FIELDS) this.#unknownFields.add(id);
  }

  /** The fields of headers and schemas that were skipped, each once, in the order in which they were met. */
  get unknownFields(): readonly string[] {
    return [...this.#unknownFields];
  }

  counts(): Counts {
    const byReason: Partial<Record<RejectReason, number>> = {};
    for (const reason of new Set<RejectReason>([...LINE_REASONS, ...ENVELOPE_REASONS])) {
      const count = this.#byReason.get(reason);
      if (count !== undefined) byReason[reason] = count;
    }
    return {
      records: this.#records,
      envelopes: this.#envelopes,
      control: this.#control,
      duplicates: this.#duplicates,
      overlaps: this.#overlaps,
      lines: this.lines,
      flows: this.#flows,
      nodata: this.#nodata,
      skipdata: this.#skipdata,
      events: this.#events,
      ...(this.#skipped === 0 ? {} : { skipped: this.#skipped }),
      rejects: {
        total: this.#lineRejects + this.#envelopeRejects,
        lines: this.#lineRejects,
        envelopes: this.#envelopeRejects,
        by_reason: byReason,
      },
      packets: this.#packets.value,
      bytes: this.#bytes.value,
    };
  }

  #interval(flow: Flow): void {
    if (flow.start === NULL || flow.end === NULL) return;
    const seconds = flow.end - flow.start;
    if (seconds > this.#longestInterval) this.#longestInterval = seconds;
  }
}

// Collects what one epoch (or one part of an object) decodes to, and plans the objects that hold it.
import type { ArrivalSpan, ObjectTable } from '../../schemas/chain.ts';
import type { Counts } from '../../schemas/counts.ts';
import type { DecodeTarget } from '../decode/decode-target.ts';
import { Tally } from '../decode/tally.ts';
import { Coverage } from '../digest/coverage.ts';
import { Digest, MAX_DIGEST_BYTES, MAX_DIGEST_ROWS } from '../digest/digest.ts';
import { StringPool } from '../digest/strings.ts';
import type { LogGroupLines } from '../formats/group-tally.ts';
import { identitiesKey, rawRejectKey, rejectsKey, tableKey } from '../keys.ts';
import type { MinuteSet } from '../overlap/minute-set.ts';
import type { Rows } from '../overlap/presence.ts';
import { removeRows } from '../overlap/remove-rows.ts';
import { encodeCoverage, encodeDigest } from '../parquet/encode.ts';
import { RejectLog } from '../rejects/reject-log.ts';
import type { IdentityWindow } from './identities.ts';
import { encodeIdentities } from './identity-file.ts';

/** An object to be stored: its bytes are a function of the claimed records and settings alone. */
export interface PlannedObject {
  readonly key: string;
  readonly table: ObjectTable;
  readonly rows: number;
  readonly body: Uint8Array;
}

/** Everything that an epoch writes under its claim, and what its commit will state. */
export interface EpochOutput {
  readonly objects: readonly PlannedObject[];
  readonly counts: Counts;
  readonly longestInterval: number; // s
  readonly groups: readonly LogGroupLines[];
  /** Fields of headers that we do not know and whose values were skipped. */
  readonly unknownFields: readonly string[];
}

/** Where an epoch closes for its size. Layout constants: any worker can hold one; options may only lower them. */
export interface EpochBounds {
  readonly rows: number;
  readonly bytes: number; // decompressed
  readonly hours: number; // partitions
}

export const EPOCH_BOUNDS: EpochBounds = { rows: MAX_DIGEST_ROWS, bytes: 1024 * 1024 * 1024, hours: 1000 };

/** Rejects held in memory at which an epoch closes, too: raw records of poison are large. */
const MAX_REJECT_BYTES = 32 * 1024 * 1024;
/** A piece is cut also when its strings grow to this. */
const MAX_POOL_BYTES = 48 * 1024 * 1024;
const MAX_COVERAGE_ROWS = 250_000;

/** Decides what is left out of an epoch because other feeds have it. */
export interface Sift {
  /**
   * The interface-minutes of a piece that are left out; null: none. Asked once for each piece, in order.
   * @param last no other piece follows.
   */
  sift(piece: Rows, last: boolean): Promise<MinuteSet | null>;
}

/**
 * The target of a decoder for one epoch. Where a single record or part brings more rows than a digest may hold, what
 * there is becomes a piece: a file of its own beside the next one, so that memory stays bounded whatever comes.
 */
export class EpochContents implements DecodeTarget {
  readonly source: string;
  readonly duplicates: IdentityWindow;
  readonly rejects: RejectLog;
  readonly tally = new Tally();
  pool = new StringPool();
  digest = new Digest(this.pool);
  coverage = new Coverage(this.pool);
  readonly #sift: Sift | null;
  #waiting: Rows[] = [];
  #sifted = 0; // of those that wait
  #ended = false;
  #pieces = 0;
  readonly #objects: PlannedObject[] = [];

  /** @param sift null: nothing is left out. */
  constructor(source: string, duplicates: IdentityWindow, sift: Sift | null = null) {
    this.source = source;
    this.duplicates = duplicates;
    this.#sift = sift;
    this.rejects = new RejectLog(source);
  }

  /** Whether a bound of the epoch is met. */
  isFull(bounds: EpochBounds): boolean {
    return (
      this.#pieces + this.#waiting.length > 0 ||
      this.digest.rows >= bounds.rows ||
      this.tally.decompressedBytes >= bounds.bytes ||
      Math.max(this.digest.hours, this.coverage.hours) >= bounds.hours ||
      this.rejects.bytes >= MAX_REJECT_BYTES ||
      this.#mustCut()
    );
  }

  /** To be called after each line: sets a piece aside when the digest can take no more. True when it did. */
  cutWhenFull(): boolean {
    if (!this.#mustCut()) return false;
    this.cut();
    return true;
  }

  #mustCut(): boolean {
    return (
      this.digest.rows >= MAX_DIGEST_ROWS ||
      this.digest.bytes >= MAX_DIGEST_BYTES ||
      this.pool.bytes >= MAX_POOL_BYTES ||
      this.coverage.rows >= MAX_COVERAGE_ROWS
    );
  }

  /** Sets what there is aside as a piece of its own. */
  cut(): void {
    this.#waiting.push({ digest: this.digest, coverage: this.coverage });
    this.pool = new StringPool();
    this.digest = new Digest(this.pool);
    this.coverage = new Coverage(this.pool);
  }

  /** Encodes the pieces that were set aside, so that they give their memory back. */
  async encodePieces(): Promise<void> {
    await this.#siftPieces(false);
    const { source } = this;
    for (let piece = this.#waiting.shift(); piece !== undefined; piece = this.#waiting.shift()) {
      const n = this.#pieces++;
      this.#sifted--;
      for await (const { partition, rows, bytes } of encodeDigest(piece.digest)) {
        this.#objects.push({ key: tableKey('digests', partition, source, n), table: 'digests', rows, body: bytes });
      }
      for await (const { partition, rows, bytes } of encodeCoverage(piece.coverage)) {
        this.#objects.push({ key: tableKey('coverage', partition, source, n), table: 'coverage', rows, body: bytes });
      }
      piece.digest.clear();
      piece.coverage.clear();
      piece.digest.pool.release();
    }
  }

  /** To be called after the last line: leaves out what is to be left out, so that the counts are final. */
  async siftRest(): Promise<void> {
    if (!this.#ended) this.cut();
    this.#ended = true;
    await this.#siftPieces(true);
  }

  async #siftPieces(ended: boolean): Promise<void> {
    for (; this.#sifted < this.#waiting.length; this.#sifted++) {
      const piece = this.#waiting[this.#sifted];
      const set = await this.#sift?.sift(piece, ended && this.#sifted === this.#waiting.length - 1);
      if (set) this.tally.skip(removeRows(piece, set));
    }
  }

  /**
   * The objects of the epoch and what it counted. The contents are of no use afterwards.
   * @param chain where the identities go; null for an object, which keeps none.
   */
  async finish(
    arrival: ArrivalSpan,
    chain: { readonly stream: string; readonly shard: string; readonly after: string } | null,
  ): Promise<EpochOutput> {
    await this.siftRest();
    await this.encodePieces();
    const objects = this.#objects;
    const { ndjsonGz, raws } = this.rejects.finish();
    if (ndjsonGz !== null) {
      const key = rejectsKey(arrival.first, this.source);
      objects.push({ key, table: 'rejects', rows: this.rejects.rows, body: ndjsonGz });
    }
    raws.forEach((body, n) => {
      objects.push({ key: rawRejectKey(arrival.first, this.source, n), table: 'raw', rows: 1, body });
    });
    const identities = this.duplicates.take();
    if (chain !== null && identities.length > 0) {
      const key = identitiesKey(chain.stream, chain.shard, chain.after);
      objects.push({ key, table: 'identities', rows: identities.length, body: encodeIdentities(identities) });
    }
    return {
      objects,
      counts: this.tally.counts(),
      longestInterval: this.tally.longestInterval,
      groups: this.tally.groups(),
      unknownFields: this.tally.unknownFields,
    };
  }
}

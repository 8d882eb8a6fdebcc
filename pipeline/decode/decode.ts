// Turns a record of the stream, or an object, into digest rows, coverage, rejects and counts: record, envelope, line.
import type { Settings } from '../../schemas/settings.ts';
import { userRecords } from '../envelope/aggregate.ts';
import { ChunkQueue } from '../envelope/chunk-queue.ts';
import type { Damage, Open } from '../envelope/chunks.ts';
import { decompressWhole } from '../envelope/compression.ts';
import { Content } from '../envelope/content.ts';
import { decompressed } from '../envelope/inflate.ts';
import { EnvelopeDecoder } from './decode-envelopes.ts';
import { isOurs, LineDecoder, RecordLimit } from './decode-lines.ts';
import type { DecodeTarget } from './decode-target.ts';

/** One record of the stream. */
export interface DecodableRecord {
  readonly data: Buffer;
  readonly arrival: number; // Unix ms
  /** Names the record in rejects. */
  readonly source: string;
  /** `fh:…` is the record's own identity. */
  readonly partitionKey: string;
}

/** One object, as chunks cut anywhere that can be had more than once. */
export interface DecodableObject {
  readonly source: string;
  readonly open: Open;
  /** When it was claimed, Unix ms: the time of lines that have no other. */
  readonly arrival: number;
}

const OWN_IDENTITY = 'fh:';

export class Decoder {
  readonly #lines: LineDecoder;
  readonly #envelopes: EnvelopeDecoder;

  /** Awaited after each chunk of what is not decoded at once: the moment for work that `afterLine` had to put off. */
  afterChunk: (() => Promise<void>) | null = null;

  constructor(settings: Settings) {
    this.#lines = new LineDecoder(settings);
    this.#envelopes = new EnvelopeDecoder(this.#lines);
  }

  /** To be set before the first record; may be changed between records, or from `afterLine`, to go on with the next epoch or part. */
  get target(): DecodeTarget {
    return this.#lines.target;
  }

  set target(target: DecodeTarget) {
    this.#lines.useTarget(target);
  }

  /** Called after each counted line. */
  set afterLine(afterLine: (() => void) | null) {
    this.#lines.afterLine = afterLine;
  }

  /**
   * Counts a record out: as one, also where it is an aggregate of several. Synchronous, but for aggregates and what is
   * damaged or larger than 16 MiB. Fails only for what is not about the record: an error of the target, or memory that
   * cannot be had.
   */
  decodeRecord(record: DecodableRecord): void | Promise<void> {
    this.target.tally.record();
    const inside = userRecords(record.data);
    if (inside === null) return this.#decodeOne(record);
    return this.#decodeAll(
      inside.map((user, i) => ({ ...user, arrival: record.arrival, source: `${record.source}.${i}` })),
    );
  }

  async #decodeAll(records: readonly DecodableRecord[]): Promise<void> {
    for (const record of records) await this.#decodeOne(record);
  }

  #decodeOne(record: DecodableRecord): void | Promise<void> {
    const { data, arrival, source, partitionKey } = record;
    const { tally, duplicates } = this.target;
    const key = partitionKey.startsWith(OWN_IDENTITY) ? partitionKey : null;
    if (key !== null && duplicates.isDuplicateKey(key)) {
      tally.duplicate();
      return;
    }
    this.#lines.begin({ source, arrival, record: data }, true);
    if (key !== null) duplicates.rememberKey(key);
    const bytes = decompressWhole(data);
    return bytes === null ? this.#decodeStream(() => once(data)) : this.#decodeWhole(bytes);
  }

  /** Counts an object out. Fails for what `decodeRecord` fails for, and when the object cannot be read. */
  async decodeObject({ source, open, arrival }: DecodableObject): Promise<void> {
    this.target.tally.record();
    this.#lines.begin({ source, arrival, record: null }, false);
    await this.#decodeStream(open);
  }

  #decodeWhole(bytes: Buffer): void {
    this.target.tally.decompressed(bytes.length);
    const content = new Content(this.#envelopes);
    this.#guard(content, () => {
      let p = content.scan(bytes, 0, bytes.length);
      for (let paused = content.paused; paused !== null; paused = content.paused) {
        const ahead = paused.fork();
        ahead.scan(bytes, p, bytes.length);
        paused.resume(ahead);
        p = content.scan(bytes, p, bytes.length);
      }
      this.#finish(content, null);
    });
  }

  async #decodeStream(open: Open): Promise<void> {
    const chunks = new ChunkQueue(decompressed(open), () => decompressed(open));
    const content = new Content(this.#envelopes);
    let failed = false;
    try {
      while (!failed && !content.exhausted) {
        const chunk = await chunks.next();
        if (chunk === null) break;
        this.target.tally.decompressed(chunk.length);
        let p = 0;
        const scan = (): void => {
          p = content.scan(chunk, p, chunk.length);
        };
        failed = !this.#guard(content, scan);
        for (let paused = content.paused; paused !== null && !failed; paused = content.paused) {
          const ahead = paused.fork();
          await chunks.lookAhead(ahead, chunk, p);
          failed = !this.#guard(content, () => {
            paused.resume(ahead);
            scan();
          });
        }
        await this.afterChunk?.();
      }
    } finally {
      await chunks.close();
    }
    if (!failed) this.#guard(content, () => this.#finish(content, chunks.damage));
  }

  /** At the end of the data: what could not be decoded is one reject. */
  #finish(content: Content, damage: Damage | null): void {
    const { failure, unfinished, offset } = content;
    if (failure === null && damage === null && !content.inside) {
      content.finish();
      return;
    }
    content.abandon();
    const lines = this.#lines;
    if (failure !== null) lines.rejectRest('envelope_undecodable', failure.detail, failure.offset, unfinished);
    else if (damage !== null) lines.rejectRest(damage.reason, damage.detail, offset, unfinished);
    else lines.rejectRest('envelope_truncated', 'the data end inside a JSON object', offset, unfinished);
  }

  /** Whether `work` was done; where it fails by a mistake of ours, the rest of the record is a reject. */
  #guard(content: Content, work: () => void): boolean {
    try {
      this.#lines.outside = false;
      work();
      return true;
    } catch (error) {
      if (this.#lines.outside || !isOurs(error)) throw error;
      if (error instanceof RecordLimit) {
        content.abandon();
        this.#lines.rejectRest('envelope_too_large', error.message, content.offset, null);
        return false;
      }
      this.#lines.rejectRest('decoder_error', String(error), content.offset, null);
      return false;
    }
  }
}

async function* once(data: Buffer): AsyncGenerator<Buffer, null, void> {
  yield data;
  return null;
}

// Cuts what a decoder reads of one object into parts: an epoch for each million lines, the rest in the last one.
import type { Decoder } from '../../../pipeline/decode/decode.ts';
import { EpochContents, type Sift } from '../../../pipeline/epoch/contents.ts';
import type { IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { backfillSource } from '../../../pipeline/keys.ts';
import type { PartClaim } from '../../../schemas/chain.ts';

/** Lines of a part: a constant of the layout. A part that is claimed already is cut where its claim says. */
export const PART_LINES = 1_000_000;

export interface Part {
  readonly part: number; // 0-based
  readonly firstLine: number; // 0-based ordinal in the object
  lines: number;
  readonly contents: EpochContents;
}

/** What the parts of an object are cut and sifted by. */
export interface CutObject {
  readonly identity: string;
  readonly duplicates: IdentityWindow;
  readonly claims: readonly PartClaim[];
  /** What decides what a part leaves out; null: nothing. Asked once for each part. */
  readonly siftOf: (part: number) => Sift | null;
}

/** Whether nothing at all was counted into the contents. */
const isEmpty = ({ contents }: Part): boolean => {
  const { records, envelopes, control, duplicates, overlaps, lines, rejects } = contents.tally.counts();
  return records + envelopes + control + duplicates + overlaps + lines + rejects.total === 0;
};

/**
 * A part ends with its last line; what comes after that and before the next line (the end of an envelope, a damage)
 * belongs to the next part. The last part reaches to the end, and is left out when nothing is in it.
 *
 *     decoder -> current --(its last line)--> held --(a line follows)--> ready --(take)--> written
 */
export class PartCutter {
  readonly #identity: string;
  readonly #decoder: Decoder;
  readonly #duplicates: IdentityWindow;
  readonly #claims: readonly PartClaim[];
  readonly #siftOf: CutObject['siftOf'];
  readonly #partLines: number;
  readonly #ready: Part[] = [];
  #held: Part | null = null;
  #current: Part;
  #limit: number;

  /** Sets the decoder's target, its `afterLine` and its `afterChunk`. */
  constructor(decoder: Decoder, object: CutObject, partLines: number) {
    this.#decoder = decoder;
    this.#identity = object.identity;
    this.#duplicates = object.duplicates;
    this.#claims = object.claims;
    this.#siftOf = object.siftOf;
    this.#partLines = partLines;
    this.#current = this.#open(0, 0);
    this.#limit = this.#limitOf(0);
    decoder.target = this.#current.contents;
    decoder.afterLine = () => this.#afterLine();
    decoder.afterChunk = () => this.#encodePieces();
  }

  /** The parts that are whole by now and have something after them, in order. */
  take(): readonly Part[] {
    return this.#ready.splice(0);
  }

  /** After the object's end: all remaining parts, the last of which is the object's last. */
  end(): readonly Part[] {
    const rest = [...this.take(), ...(this.#held === null ? [] : [this.#held])];
    return rest.length > 0 && isEmpty(this.#current) && this.#held !== null ? rest : [...rest, this.#current];
  }

  #afterLine(): void {
    const { contents } = this.#current;
    if (this.#held !== null) {
      this.#ready.push(this.#held);
      this.#held = null;
    }
    if (++this.#current.lines === this.#limit) {
      const { part, firstLine, lines } = this.#current;
      this.#held = this.#current;
      this.#current = this.#open(part + 1, firstLine + lines);
      this.#limit = this.#limitOf(part + 1);
      this.#decoder.target = this.#current.contents;
    } else if (contents.cutWhenFull()) {
      this.#decoder.target = contents;
    }
  }

  /** Ready parts are left alone: whoever took them may be finishing them just now. */
  async #encodePieces(): Promise<void> {
    await this.#held?.contents.encodePieces();
    await this.#current.contents.encodePieces();
  }

  #limitOf(part: number): number {
    const claim = this.#claims[part];
    if (claim === undefined) return this.#partLines;
    return claim.final ? Number.POSITIVE_INFINITY : claim.lines;
  }

  #open(part: number, firstLine: number): Part {
    const source = backfillSource(this.#identity, part);
    const contents = new EpochContents(source, this.#duplicates, this.#siftOf(part));
    return { part, firstLine, lines: 0, contents };
  }
}

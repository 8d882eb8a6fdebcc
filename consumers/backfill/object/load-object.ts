// Turns one object into committed parts, whatever was done of it before: the screen on which a backfill is read.
//
//   look -> decode -> (a part is whole) -> sift -> claim -> data -> commit -> next part
//            ^                                       |
//            +---- somebody was faster: adopt their claims and decode again
import { Decoder } from '../../../pipeline/decode/decode.ts';
import type { Chunks } from '../../../pipeline/envelope/chunks.ts';
import type { Sift } from '../../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { backfillSource, partClaimKey } from '../../../pipeline/keys.ts';
import { labelFeed } from '../../../pipeline/overlap/feed.ts';
import { ClaimedSift, PartSift } from '../../../pipeline/overlap/part-sift.ts';
import { openSentence, overlapSentence } from '../../../pipeline/overlap/sentence.ts';
import { DEFAULT_FEED, type PartClaim } from '../../../schemas/chain.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Counts } from '../../../schemas/counts.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { DECODER_VERSION, type Settings } from '../../../schemas/settings.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { commitEpoch, readCommit, writeObjects } from '../../shared/epoch-writer.ts';
import { getSettings, putSettings } from '../../shared/stored-settings.ts';
import { StoreEvidence } from '../evidence/store-evidence.ts';
import {
  assertDecodable,
  assertNameFree,
  claimName,
  hasLeftOut,
  isComplete,
  type Named,
  type OtherContent,
  putPartClaim,
  readPartClaims,
} from './object-claims.ts';
import { ObjectFile, type ObjectIdentity } from './object-file.ts';
import { objectText } from './object-text.ts';
import { PART_LINES, type Part, PartCutter } from './part-cutter.ts';

export interface Loading {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** For objects that nobody has begun yet; one that was begun is finished with the settings of its claims. */
  readonly settings: Settings;
  readonly asNew: boolean;
  /** Read and count, write nothing. */
  readonly dryRun: boolean;
  /** The feed of objects that nobody has begun yet. */
  readonly feed: string;
  /** What to do about interface-minutes that another feed has: refuse the part, leave them out, or not even look. */
  readonly overlap: 'refuse' | 'skip' | 'add';
  /** What is known of other feeds, for several objects; without it, each object looks for itself. */
  readonly evidence?: StoreEvidence;
  readonly onBytes: (count: number) => void;
  readonly partLines?: number;
}

/** Where the bytes of an object lie, and as what they are recorded. */
export interface Place {
  readonly path: string;
  readonly name: string;
  /** Of the bytes at `path`, where they came from S3. */
  readonly etag?: string;
  /** The store was just asked, and knows no content of the name: it is not asked again before the object is read. */
  readonly unnamed?: boolean;
}

export interface LoadedObject {
  /** `known`: it was in the store already, nothing was read again. */
  readonly outcome: 'loaded' | 'known';
  /** What each part contained that this call committed (or, dry, would have). */
  readonly parts: readonly Counts[];
  /** Fields of its header or schema that we do not know, and left out; absent: none. */
  readonly unknownFields?: readonly string[];
  /** Of a known one: lines of it were left out because another feed has them; absent: none. */
  readonly leftOut?: true;
}

/** One reading of an object under what was claimed of it before. */
class Reading {
  readonly #loading: Loading;
  readonly #file: ObjectFile;
  readonly #identity: string;
  readonly #claims: readonly PartClaim[];
  readonly #settings: string; // hash
  readonly #arrival: PartClaim['arrival'];
  readonly #name: string;
  readonly #etag: { readonly etag?: string };
  readonly #feed: string;
  readonly #evidence: StoreEvidence;
  readonly #sifts = new Map<number, PartSift>();
  readonly committed: Counts[] = [];
  readonly unknownFields = new Set<string>();

  constructor(loading: Loading, file: ObjectFile, named: Named, claims: readonly PartClaim[], settings: string) {
    const now = loading.clock.now();
    this.#loading = loading;
    this.#file = file;
    this.#identity = named.identity;
    this.#etag = named.etag === undefined ? {} : { etag: named.etag };
    this.#claims = claims;
    this.#settings = settings;
    this.#arrival = claims[0]?.arrival ?? { first: now, min: now, max: now };
    this.#name = claims[0]?.name ?? file.name;
    this.#feed = claims[0] === undefined ? loading.feed : (claims[0].feed ?? DEFAULT_FEED);
    this.#evidence = loading.evidence ?? new StoreEvidence(loading.store, loading.clock);
    this.#evidence.learn(this.#identity, this.#feed);
  }

  /** False when somebody else claimed a part first: then nothing of that part was written. */
  async run(settings: Settings): Promise<boolean> {
    const decoder = new Decoder(settings);
    const duplicates = new IdentityWindow();
    const siftOf = (part: number): Sift | null => this.#siftOf(part);
    const object = { identity: this.#identity, duplicates, claims: this.#claims, siftOf };
    const cutter = new PartCutter(decoder, object, this.#loading.partLines ?? PART_LINES);
    let won = true;
    let failure: unknown;
    const write = async (parts: readonly Part[], whole: boolean): Promise<void> => {
      for (const part of parts) won &&= await this.#write(part, whole && part === parts.at(-1));
    };
    // Whole parts are written between two chunks, so that no more than one chunk's worth of them waits. What goes wrong
    // here is no damage of the object: the decoder is only told that there are no more bytes.
    const [file, { onBytes }] = [this.#file, this.#loading];
    const chunks = async function* (): Chunks {
      const text = objectText(file, onBytes);
      try {
        for (;;) {
          const step = await text.next();
          if (step.done === true) return step.value;
          yield step.value;
          await write(cutter.take(), false);
          if (!won) return null;
        }
      } catch (error) {
        failure = error;
        return null;
      } finally {
        await text.return(null);
      }
    };
    let opened = 0;
    const open = () => (opened++ === 0 ? chunks() : objectText(file)); // again: to look ahead for a duplicate
    await decoder.decodeObject({ source: this.#name, open, arrival: this.#arrival.first });
    if (failure !== undefined) throw failure;
    if (won) await write(cutter.end(), true);
    return won;
  }

  #siftOf(part: number): Sift | null {
    const known = this.#claims[part];
    if (known !== undefined) return known.skip === undefined ? null : new ClaimedSift(known.skip);
    if (this.#loading.overlap === 'add') return null;
    const sift = new PartSift((hour) => this.#evidence.ofHour(hour, labelFeed(this.#feed)));
    this.#sifts.set(part, sift);
    return sift;
  }

  /** Throws VF_OVERLAP for a part that may not be taken; what it leaves out otherwise. */
  #assertTakable({ part, firstLine, contents }: Part): PartClaim['skip'] {
    const sift = this.#sifts.get(part);
    this.#sifts.delete(part);
    const skip = sift?.skip ?? [];
    if (sift === undefined || skip.length === 0) return undefined;
    const { lines, skipped = 0 } = contents.tally.counts();
    const facts = { name: this.#name, part, firstLine, overlapping: skipped, lines, skip, feeds: sift.feeds };
    if (this.#loading.overlap === 'refuse') throw new VpcflowError('VF_OVERLAP', overlapSentence(facts));
    if (sift.openFeeds.length > 0) {
      const help = 'let the consumer or backfill that claimed it go on, and run this again; or pass --overlap add';
      throw new VpcflowError('VF_OVERLAP', openSentence({ ...facts, feeds: sift.openFeeds }), { help });
    }
    return skip;
  }

  async #write(whole: Part, final: boolean): Promise<boolean> {
    const { part, firstLine, lines, contents } = whole;
    const { store, dryRun } = this.#loading;
    const source = backfillSource(this.#identity, part);
    await this.#file.assertUnchanged(final);
    const known = this.#claims[part];
    if (known !== undefined && (await readCommit(store, known.arrival, source)) !== null) return true;
    await contents.siftRest();
    for (const field of contents.tally.unknownFields) this.unknownFields.add(field);
    const skip = known === undefined ? this.#assertTakable(whole) : known.skip;
    if (dryRun) {
      this.committed.push(contents.tally.counts());
      return true;
    }
    const output = await contents.finish(this.#arrival, null);
    const claim: PartClaim = {
      kind: 'part-claim',
      ...{ identity: this.#identity, part, firstLine, lines, final },
      ...{ settings: this.#settings, decoder: DECODER_VERSION, arrival: this.#arrival },
      objects: output.objects.map(({ key }) => key),
      name: this.#name,
      ...(this.#feed === DEFAULT_FEED ? {} : { feed: this.#feed }),
      ...(skip === undefined ? {} : { skip }),
    };
    if (known === undefined) {
      // Not before: of an object that cannot be read to here, no name is known. Not after: its content would be unguarded.
      if (part === 0) {
        const named = { name: this.#name, identity: this.#identity, ...this.#etag };
        await claimName(store, named, ofOther(this.#loading));
      }
      if (!(await putPartClaim(store, claim))) return false;
    } else if (!sameExtent(known, claim)) {
      throw new VpcflowError(
        'VF_CHAIN_BROKEN',
        `${partClaimKey(this.#identity, part)} names other content than it has`,
      );
    }
    await writeObjects(store, output);
    const { settings, decoder, arrival } = claim;
    const head = { source, claim: partClaimKey(this.#identity, part), settings, decoder, arrival, final };
    await commitEpoch(store, head, output);
    this.committed.push(output.counts);
    return true;
  }
}

const ofOther = ({ asNew }: Loading): OtherContent => (asNew ? 'replace' : 'refuse');

const sameExtent = (a: PartClaim, b: PartClaim): boolean =>
  a.firstLine === b.firstLine &&
  a.lines === b.lines &&
  a.final === b.final &&
  a.objects.length === b.objects.length &&
  a.objects.every((key, i) => key === b.objects[i]);

/**
 * Puts an object into the store once, and finishes what an earlier run left of it.
 * @throws VF_SOURCE_UNREADABLE, VF_NAME_REUSED, VF_OVERLAP or VF_DECODER_VERSION for this object alone; VF_STORE_* and
 * VF_CHAIN_BROKEN when nothing more can be done in this store.
 */
export const loadObject = async (place: Place, object: ObjectIdentity, loading: Loading): Promise<LoadedObject> => {
  const { store, dryRun } = loading;
  const { path, name } = place;
  const { identity } = object;
  const named: Named = { name, identity, ...(place.etag === undefined ? {} : { etag: place.etag }) };
  await using file = await ObjectFile.open(path, name, object);
  const parts: Counts[] = [];
  for (;;) {
    const claims = await readPartClaims(store, identity);
    const complete = await isComplete(store, claims);
    if (!dryRun && claims.length > 0) await claimName(store, named, complete ? 'keep' : ofOther(loading));
    if (complete && parts.length > 0) return { outcome: 'loaded', parts };
    if (complete) return { outcome: 'known', parts, ...(hasLeftOut(claims) ? { leftOut: true } : {}) };
    assertDecodable(claims);
    const unguarded = claims.length === 0 && !loading.asNew && place.unnamed !== true;
    if (!dryRun && unguarded) await assertNameFree(store, named);
    const [first] = claims;
    const settings = first === undefined ? loading.settings : await getSettings(store, first.settings);
    const hash = first?.settings ?? (dryRun ? '' : await putSettings(store, settings));
    const reading = new Reading(loading, file, named, claims, hash);
    const won = await reading.run(settings);
    parts.push(...reading.committed);
    const unknownFields = [...reading.unknownFields];
    if (won) return { outcome: 'loaded', parts, ...(unknownFields.length === 0 ? {} : { unknownFields }) };
  }
};

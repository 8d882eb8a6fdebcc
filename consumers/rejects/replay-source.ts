// Takes over the rejects of one source that decode under other settings, each once: the screen on which it is read.
//
//   claims -> open one? -> decode its rows with its settings -> data -> commit -> claims
//     ^         |
//     |         v no: read the log, decode what is selected and nobody took -> sift -> claim -> data -> commit
//     +---- somebody was faster: their rows are theirs -----------------------------------+
import {
  EPOCH_BOUNDS,
  type EpochBounds,
  EpochContents,
  type EpochOutput,
  type Sift,
} from '../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../pipeline/epoch/identities.ts';
import { replayClaimKey, replaySource } from '../../pipeline/keys.ts';
import type { FeedEvidence } from '../../pipeline/overlap/evidence.ts';
import { type Feed, labelFeed, streamFeed } from '../../pipeline/overlap/feed.ts';
import { ClaimedSift, PartSift } from '../../pipeline/overlap/part-sift.ts';
import { openSentence, overlapSentence } from '../../pipeline/overlap/sentence.ts';
import { type Unreplayable, whyNotReplayable } from '../../pipeline/rejects/reject-row.ts';
import { RejectedLines } from '../../pipeline/rejects/rejected-lines.ts';
import { NOTHING, type ReplayOutcome, together } from '../../pipeline/rejects/replay-report.ts';
import { RowCursor, RowGatherer, rowCount, unionOf } from '../../pipeline/rejects/row-ranges.ts';
import { isSelected, type RejectSelection } from '../../pipeline/rejects/selection.ts';
import type { Commit, ReplayClaim, Replays } from '../../schemas/chain.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { RejectReason } from '../../schemas/rejects.ts';
import { DECODER_VERSION, type Settings } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { commitEpoch, writeObjects } from '../shared/epoch-writer.ts';
import { getSettings, putSettings } from '../shared/stored-settings.ts';
import { openClaimOf, putReplayClaim, readReplayClaims } from './replay-claims.ts';
import { feedOf, getRejectLog, isOfStream, type RejectSource, readRejects } from './sources.ts';

/** Ranges of rows that one claim names at the most. */
const MAX_RANGES = 100_000;

/** What the feeds of a store have of an hour (Unix seconds / 3600), but for one of them. */
export interface Evidence {
  ofHour(hour: number, own: Feed): Promise<readonly FeedEvidence[]>;
}

export interface Replaying {
  readonly store: ObjectStore;
  /** The settings to decode under, by those that the source was decoded under. */
  readonly settingsFor: (before: Settings) => Settings;
  /** No formats are given: the header that a line came under goes before those of the settings. */
  readonly headersFirst: boolean;
  readonly selection: RejectSelection;
  /** Read and count, write nothing. */
  readonly dryRun: boolean;
  /** What to do about interface-minutes that another feed has: refuse the source, leave them out, or not even look. */
  readonly overlap: 'refuse' | 'skip' | 'add';
  readonly evidence: Evidence;
  /** Where a replay ends, and the next one of the source begins. */
  readonly bounds?: EpochBounds;
  readonly maxRanges?: number;
}

/** What one reading of the log brought, before anything of it is written. */
interface Pass {
  readonly rows: Replays['rows'];
  readonly byReason: Replays['by_reason'];
  readonly contents: EpochContents;
  /** Null: nothing of another feed is looked for. */
  readonly sift: PartSift | null;
  readonly outcome: ReplayOutcome;
  /** Where the next reading goes on, since this one is full; null: the log was read to its end. */
  readonly next: number | null;
}

const count = <K>(counts: Map<K, number>, key: K): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);

class SourceReplay {
  readonly #source: RejectSource;
  readonly #replaying: Replaying;
  readonly #log: Buffer;
  readonly #feed: Feed;

  constructor(source: RejectSource, replaying: Replaying, log: Buffer, feed: Feed) {
    this.#source = source;
    this.#replaying = replaying;
    this.#log = log;
    this.#feed = feed;
  }

  /** Decodes what is selected from row `from` on, and is in no claim. */
  async read(claims: readonly ReplayClaim[], settings: Settings, from: number): Promise<Pass> {
    const { selection, bounds = EPOCH_BOUNDS, maxRanges = MAX_RANGES } = this.#replaying;
    const claimed = new RowCursor(unionOf(claims.map(({ rows }) => rows)));
    const sift = this.#replaying.overlap === 'add' ? null : new PartSift((hour) => this.#evidence(hour));
    const contents = this.#contents(claims.length, sift);
    const lines = this.#lines(settings, this.#replaying.headersFirst);
    const rows = new RowGatherer();
    const byReason = new Map<RejectReason, number>();
    const unmatched = new Map<RejectReason, number>();
    const unreplayable = new Map<Unreplayable, number>();
    let next: number | null = null;
    const log = readRejects(this.#source.log, this.#log);
    reading: for await (const { first, rejects } of log) {
      for (const [i, reject] of rejects.entries()) {
        const row = first + i;
        if (row < from || claimed.has(row) || !isSelected(selection, reject)) continue;
        if (rows.ranges.length >= maxRanges && rows.begins(row)) {
          next = row;
          break reading;
        }
        const never = whyNotReplayable(reject);
        const mismatch = never === null ? lines.take(reject, contents) : null;
        if (never !== null) count(unreplayable, never);
        else if (mismatch !== null) count(unmatched, mismatch);
        else {
          rows.add(row);
          count(byReason, reject.reason);
          if (contents.isFull(bounds)) {
            next = row + 1;
            break reading;
          }
        }
      }
    }
    await contents.siftRest();
    const { skipped = 0 } = contents.tally.counts();
    const outcome = { ...NOTHING, taken: rows.count, skipped, unmatched, unreplayable };
    return { rows: rows.ranges, byReason: Object.fromEntries(byReason), contents, sift, outcome, next };
  }

  #evidence(hour: number): Promise<readonly FeedEvidence[]> {
    return this.#replaying.evidence.ofHour(hour, this.#feed);
  }

  /** What a replay leaves out; throws VF_OVERLAP when it may not be taken. */
  skipOf({ sift, outcome }: Pass): ReplayClaim['skip'] {
    const skip = sift?.skip ?? [];
    if (sift === null || skip.length === 0) return undefined;
    const name = `the rejects of ${this.#source.commit.source}`;
    const lines = { name, part: 0, firstLine: 0, overlapping: outcome.skipped, lines: outcome.taken };
    const facts = { ...lines, skip, feeds: sift.feeds };
    if (this.#replaying.overlap === 'refuse') throw new VpcflowError('VF_OVERLAP', overlapSentence(facts));
    if (sift.openFeeds.length === 0) return skip;
    const help = 'let whoever claimed it go on, and run this again; or pass --overlap add';
    throw new VpcflowError('VF_OVERLAP', openSentence({ ...facts, feeds: sift.openFeeds }), { help });
  }

  /** False when somebody else claimed the next replay first: then nothing was written. */
  async write(pass: Pass, replay: number, settings: string, skip: ReplayClaim['skip']): Promise<boolean> {
    const { arrival, source } = this.#source.commit;
    const output = await pass.contents.finish(arrival, null);
    const claim: ReplayClaim = {
      kind: 'replay-claim',
      ...{ source, replay, rows: pass.rows, settings, decoder: DECODER_VERSION, arrival },
      objects: output.objects.map(({ key }) => key),
      ...(this.#replaying.headersFirst ? { headers_first: true } : {}),
      ...(skip === undefined ? {} : { skip }),
    };
    if (!(await putReplayClaim(this.#replaying.store, claim))) return false;
    await this.#commit(claim, pass.byReason, output);
    return true;
  }

  /** Writes what is claimed, from the rows that the claim names and under its settings. */
  async finish(claim: ReplayClaim): Promise<ReplayOutcome> {
    const { store } = this.#replaying;
    const key = replayClaimKey(claim.source, claim.replay);
    if (claim.decoder !== DECODER_VERSION) {
      const versions = `with decoder version ${claim.decoder}, this is ${DECODER_VERSION}`;
      const help = 'finish the open replay with the version that claimed it';
      throw new VpcflowError('VF_DECODER_VERSION', `${key} was claimed ${versions}`, { help });
    }
    const claimed = new RowCursor(claim.rows);
    const contents = this.#contents(claim.replay, claim.skip === undefined ? null : new ClaimedSift(claim.skip));
    const lines = this.#lines(await getSettings(store, claim.settings), claim.headers_first === true);
    const byReason = new Map<RejectReason, number>();
    let taken = 0;
    for await (const { first, rejects } of readRejects(this.#source.log, this.#log)) {
      if (first > claimed.last) break;
      for (const [i, reject] of rejects.entries()) {
        if (!claimed.has(first + i)) continue;
        if (whyNotReplayable(reject) !== null || lines.take(reject, contents) !== null) {
          throw new VpcflowError('VF_CHAIN_BROKEN', `${key} names row ${first + i}, which does not decode`);
        }
        taken++;
        count(byReason, reject.reason);
        if (contents.cutWhenFull()) await contents.encodePieces();
      }
    }
    const output = await contents.finish(claim.arrival, null);
    const same = output.objects.length === claim.objects.length;
    if (taken !== rowCount(claim.rows) || !same || output.objects.some(({ key }, i) => key !== claim.objects[i])) {
      throw new VpcflowError('VF_CHAIN_BROKEN', `${key} names other rows than ${this.#source.log} has`);
    }
    await this.#commit(claim, Object.fromEntries(byReason), output);
    return { ...NOTHING, taken, skipped: output.counts.skipped ?? 0, finished: taken };
  }

  async #commit(claim: ReplayClaim, byReason: Replays['by_reason'], output: EpochOutput): Promise<void> {
    const { store } = this.#replaying;
    const { source, replay, rows, settings, decoder, arrival } = claim;
    await writeObjects(store, output);
    const head = { source: replaySource(source, replay), claim: replayClaimKey(source, replay) };
    const replays: Replays = { source, rows, by_reason: byReason };
    await commitEpoch(store, { ...head, settings, decoder, arrival, replays }, output);
  }

  #contents(replay: number, sift: Sift | null): EpochContents {
    return new EpochContents(replaySource(this.#source.commit.source, replay), new IdentityWindow(), sift);
  }

  #lines(settings: Settings, headersFirst: boolean): RejectedLines {
    const { commit } = this.#source;
    return new RejectedLines(settings, { arrival: commit.arrival.first, isStream: isOfStream(commit), headersFirst });
  }
}

const evidenceFeed = async (store: ObjectStore, commit: Commit): Promise<Feed> => {
  const name = await feedOf(store, commit);
  return isOfStream(commit) ? streamFeed(name) : labelFeed(name);
};

/**
 * Takes over what is selected of one source's rejects and decodes, and finishes what an earlier replay left of it.
 * @throws VF_DECODER_VERSION or VF_OVERLAP for this source alone; VF_STORE_* and VF_CHAIN_BROKEN.
 */
export const replayRejects = async (source: RejectSource, replaying: Replaying): Promise<ReplayOutcome> => {
  const { store, dryRun } = replaying;
  const { commit } = source;
  const log = await getRejectLog(store, source.log);
  const replay = new SourceReplay(source, replaying, log, await evidenceFeed(store, commit));
  const settings = replaying.settingsFor(await getSettings(store, commit.settings));
  let outcome = NOTHING;
  let from = 0;
  for (;;) {
    const claims = await readReplayClaims(store, commit.source);
    const open = dryRun ? null : await openClaimOf(store, claims);
    if (open !== null) {
      outcome = together(outcome, await replay.finish(open));
      continue;
    }
    const pass = await replay.read(claims, settings, from);
    const skip = replay.skipOf(pass);
    if (pass.outcome.taken > 0 && !dryRun) {
      // What somebody else claimed meanwhile is not ours: the claims are looked at again.
      if (!(await replay.write(pass, claims.length, await putSettings(store, settings), skip))) continue;
    }
    outcome = together(outcome, pass.outcome);
    if (pass.next === null) return { ...outcome, sources: outcome.taken > 0 ? 1 : 0 };
    from = pass.next;
  }
};

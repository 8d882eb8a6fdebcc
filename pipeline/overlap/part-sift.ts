// Decides which interface-minutes a part leaves out: those that other feeds have when it is decoded, or those that its
// claim names.
import type { InterfaceMinutes } from '../../schemas/chain.ts';
import { type FeedEvidence, meet } from './evidence.ts';
import type { Feed } from './feed.ts';
import { addMask, isEmptyMask, MinuteSet } from './minute-set.ts';
import { hoursOf, type InterfaceHour, presence, type Rows } from './presence.ts';

/** What other feeds have of an hour (Unix seconds / 3600): empty where there is no other feed. */
export type EvidenceOf = (hour: number) => Promise<readonly FeedEvidence[]>;

/** The part is claimed already: it leaves out what its claim says, whatever there is by now. */
export class ClaimedSift {
  readonly #set: MinuteSet;

  constructor(skip: readonly InterfaceMinutes[]) {
    this.#set = MinuteSet.of(skip);
  }

  async sift(): Promise<MinuteSet> {
    return this.#set;
  }
}

/** Hours that are asked for at once. */
const HOURS_AT_ONCE = 8;

/**
 * An interface-minute is decided once for the whole part, although evidence may come while it is read: whoever finishes
 * the part from its claim knows only the result.
 */
export class PartSift {
  readonly #evidenceOf: EvidenceOf;
  readonly #skip = new MinuteSet();
  /** What earlier pieces of the part keep. */
  readonly #kept = new MinuteSet();
  readonly #feeds = new Set<Feed>();
  readonly #openFeeds = new Set<Feed>();
  /** Whether an earlier piece left anything out. */
  #begun = false;

  constructor(evidenceOf: EvidenceOf) {
    this.#evidenceOf = evidenceOf;
  }

  /** What the part leaves out. */
  get skip(): readonly InterfaceMinutes[] {
    return this.#skip.runs();
  }

  /** The feeds that have it, sorted. */
  get feeds(): readonly Feed[] {
    return [...this.#feeds].sort();
  }

  /** The feeds whose open epochs alone have some of it, sorted. */
  get openFeeds(): readonly Feed[] {
    return [...this.#openFeeds].sort();
  }

  async sift(piece: Rows, last: boolean): Promise<MinuteSet | null> {
    const hours = hoursOf(piece);
    let found = false;
    for (let from = 0; from < hours.length; from += HOURS_AT_ONCE) {
      const some = hours.slice(from, from + HOURS_AT_ONCE);
      const evidence = await Promise.all(some.map(this.#evidenceOf));
      // Of nearly all hours no other feed has anything: then the rows are not even looked at.
      const of = new Map(some.map((hour, i) => [hour, evidence[i]] as const));
      const asked = some.filter((hour) => !last || this.#begun || of.get(hour)!.length > 0);
      if (asked.length === 0) continue;
      for (const [hour, interfaces] of presence(piece, new Set(asked))) {
        for (const one of interfaces) if (this.#decide(one, hour, of.get(hour)!, last)) found = true;
      }
    }
    this.#begun ||= found;
    return found ? this.#skip : null;
  }

  /** Whether the piece leaves any of these minutes out. */
  #decide(present: InterfaceHour, hour: number, evidence: readonly FeedEvidence[], last: boolean): boolean {
    const { account, interface: iface, mask } = present;
    const before = this.#skip.mask(account, iface, hour);
    const kept = this.#kept.mask(account, iface, hour);
    const met = meet(present, hour, evidence);
    const fresh = {
      low: met.mask.low & ~(before?.low ?? 0) & ~(kept?.low ?? 0),
      high: met.mask.high & ~(before?.high ?? 0) & ~(kept?.high ?? 0),
    };
    const left = {
      low: (before?.low ?? 0) & mask.low,
      high: (before?.high ?? 0) & mask.high,
    };
    if (!isEmptyMask(fresh)) {
      addMask(left, fresh);
      addMask(this.#skip.at(account, iface, hour), fresh);
      const unsure = !isEmptyMask({ low: fresh.low & met.unsure.low, high: fresh.high & met.unsure.high });
      for (const { feed, open } of met.witnesses) {
        this.#feeds.add(feed);
        if (open && unsure) this.#openFeeds.add(feed);
      }
    }
    if (!last) {
      const rest = { low: mask.low & ~left.low, high: mask.high & ~left.high };
      if (!isEmptyMask(rest)) addMask(this.#kept.at(account, iface, hour), rest);
    }
    return !isEmptyMask(left);
  }
}

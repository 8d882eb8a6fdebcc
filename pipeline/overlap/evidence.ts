// What other feeds have of an hour, and what of a piece's interface-minutes they have.
import type { Feed } from './feed.ts';
import { addMask, isEmptyMask, type Mask, type MinuteSet } from './minute-set.ts';
import type { InterfaceHour } from './presence.ts';

/** The interface-minutes of which one feed has rows. */
export interface FeedEvidence {
  readonly feed: Feed;
  /** Of epochs that are claimed and not committed yet: nearly always they will count, but they may be given up. */
  readonly open: boolean;
  readonly minutes: MinuteSet;
}

export interface Witness {
  readonly feed: Feed;
  readonly open: boolean;
}

/** What of an interface's minutes any feed has. */
export interface Met {
  readonly mask: Mask;
  /** The part of it that only open epochs have. */
  readonly unsure: Mask;
  readonly witnesses: readonly Witness[];
}

/** Bits are taken from the rows that there are: what a feed has beside them does not matter. */
export const meet = (present: InterfaceHour, hour: number, evidence: readonly FeedEvidence[]): Met => {
  const mask = { low: 0, high: 0 };
  const sure = { low: 0, high: 0 };
  const witnesses: Witness[] = [];
  for (const { feed, open, minutes } of evidence) {
    const known = minutes.mask(present.account, present.interface, hour);
    if (known === null) continue;
    const both = { low: known.low & present.mask.low, high: known.high & present.mask.high };
    if (isEmptyMask(both)) continue;
    addMask(mask, both);
    if (!open) addMask(sure, both);
    witnesses.push({ feed, open });
  }
  return { mask, unsure: { low: mask.low & ~sure.low, high: mask.high & ~sure.high }, witnesses };
};

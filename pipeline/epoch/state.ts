// The vocabulary of the epoch machine: what happens to it, what it asks for, and the states in between.
import type { ArrivalSpan, Claim, Gap } from '../../schemas/chain.ts';
import type { ErrorCode } from '../../schemas/errors.ts';

/** What an epoch spans so far. */
export interface Extent {
  readonly first: string;
  readonly last: string;
  readonly lastSub: number; // sub-sequence number within `last`
  readonly records: number;
  readonly arrival: ArrivalSpan;
}

/** Events from outside; one at a time, and only when the machine has no action under way. */
export type ExternalEvent =
  | { readonly on: 'record'; readonly sequence: string; readonly sub: number; readonly arrival: number }
  | { readonly on: 'tick'; readonly now: number; readonly atTip: boolean } // after each batch, empty ones too
  | { readonly on: 'shutdown' }
  | { readonly on: 'shard-end' };

/** Results of the actions. */
export type ResultEvent =
  | { readonly on: 'looked'; readonly claim: Claim | null; readonly done: string | null } // done: the link's end
  | {
      readonly on: 'probed';
      /** Whether the chain's last record cannot be read any more. */
      readonly trimmed: boolean;
      /** The first readable record of the open claim's extent or after it; without a claim, after the chain's end. */
      readonly next: string | null;
      /** Whether the open claim's last record can be read. */
      readonly whole: boolean;
    }
  | { readonly on: 'buried'; readonly last: string } // the tombstone's end, or the commit's that was first
  | { readonly on: 'decoded'; readonly full: boolean } // full: a bound is met
  | { readonly on: 'claimed'; readonly claim: Claim }
  | { readonly on: 'claim-exists' }
  | { readonly on: 'written' }
  | { readonly on: 'committed' }
  | { readonly on: 'tombstone-found' }
  | { readonly on: 'checkpointed' };

export type EpochEvent = ExternalEvent | ResultEvent;

export type Action =
  | { readonly do: 'look'; readonly after: string }
  | { readonly do: 'probe'; readonly after: string; readonly claim: Claim | null }
  | { readonly do: 'bury'; readonly claim: Claim; readonly last: string }
  | { readonly do: 'decode'; readonly after: string; readonly adopted: Claim | null } // the record just offered
  | { readonly do: 'claim'; readonly after: string; readonly extent: Extent; readonly gap: Gap | null }
  | { readonly do: 'write'; readonly claim: Claim }
  | { readonly do: 'commit'; readonly claim: Claim }
  | { readonly do: 'checkpoint'; readonly last: string; readonly link: string }
  | { readonly do: 'end' } // the shard is read to its end: SHARD_END may be checkpointed
  | { readonly do: 'fail'; readonly code: ErrorCode; readonly why: string };

export type After = {
  readonly after: string;
  /** The `after` of the last committed link, for the watermark. */
  readonly link: string | null;
};

/** A start that is not known to join the chain: its first record decides. */
export type Joining = After & {
  readonly position: string;
  /** The claim at the chain's end that has no commit. */
  readonly claim: Claim | null;
  /** Whether anything can have expired unread since the watermark. */
  readonly lossPossible: boolean;
};

export type State =
  | (After & {
      readonly at: 'looking';
      readonly start: Start | null;
      readonly gapFrom: string | null;
      readonly pending: ExternalEvent | null;
    })
  | (Joining & { readonly at: 'joining' })
  | (Joining & { readonly at: 'probing'; readonly pending: ExternalEvent })
  | (After & { readonly at: 'burying'; readonly gapFrom: string | null; readonly pending: ExternalEvent })
  | (After & {
      readonly at: 'open';
      readonly gapFrom: string | null;
      readonly extent: Extent | null;
      readonly full: boolean;
    })
  | (After & { readonly at: 'adopted'; readonly claim: Claim; readonly extent: Extent | null })
  | (After & {
      readonly at: 'claiming' | 'writing' | 'committing' | 'checkpointing';
      readonly extent: Extent;
      readonly pending: ExternalEvent | null;
      readonly claim: Claim | null;
    })
  | (After & { readonly at: 'ended' });

export interface Start {
  /** A sequence number (reading begins strictly after it), TRIM_HORIZON, LATEST or AT_TIMESTAMP. */
  readonly position: string;
  readonly now: number; // ms
  /** The shard's watermark so far, or null before there was any. */
  readonly watermark: number | null; // ms
}

export interface Step {
  readonly state: State;
  readonly action: Action | null;
}

/** The earliest arrival among the records that are read or claimed and not yet committed; null when there is none. */
export const uncommittedSince = (state: State): number | null => {
  switch (state.at) {
    case 'open':
    case 'adopted':
      return state.at === 'adopted' ? state.claim.arrival.min : (state.extent?.arrival.min ?? null);
    case 'claiming':
    case 'writing':
    case 'committing':
      return state.extent.arrival.min;
    case 'joining':
    case 'probing':
      return state.claim?.arrival.min ?? Number.NEGATIVE_INFINITY;
    case 'looking':
    case 'burying':
      return Number.NEGATIVE_INFINITY; // not known yet: the watermark stays
    case 'checkpointing':
    case 'ended':
      return null;
  }
};

/** The extent with one more record. */
export const extend = (
  extent: Extent | null,
  { sequence, sub, arrival }: Extract<ExternalEvent, { on: 'record' }>,
): Extent =>
  extent === null
    ? {
        first: sequence,
        last: sequence,
        lastSub: sub,
        records: 1,
        arrival: { first: arrival, min: arrival, max: arrival },
      }
    : {
        first: extent.first,
        last: sequence,
        lastSub: sub,
        records: extent.records + 1,
        arrival: {
          first: extent.arrival.first,
          min: Math.min(extent.arrival.min, arrival),
          max: Math.max(extent.arrival.max, arrival),
        },
      };

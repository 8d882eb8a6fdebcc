// The epoch chain of one shard as a pure state machine: events in, at most one action out, time only as an event
// (over 300 lines: the chain is read against the diagram, in one go).
//
//                    start(position, chain's base)
//                              |
//                              v        it is committed: on to its end
//                         [ looking ] <------------------.
//                          |   |    \___________________/
//       start is not known |   | no claim          \ a claim without a commit
//       to join the chain  |   v                    v
//            [ joining ] --+-> [ open ]          [ adopted ]     records up to the chain's end are skipped
//               | probe    |     | closes by         | closes at the claim's `last` and nowhere else;
//               |          |     | (a) later minute   |  a shutdown drops it, to be read again
//               v          |     | (b) bound          |
//        ahead: fail       |     | (c) tip, minute over
//        beginning gone:   |     | (d) shutdown (e) shard end
//        [ burying ] ------'     v                    |
//                           [ claiming ]              |
//              exists: fail /    | stored             |
//           (the records come    v                    |
//            again, adopted)  [ writing ] <-----------'    data objects; nothing if the commit is there already
//                                | durable
//                                v
//                           [ committing ]     a tombstone is there: fail, what was written is removed
//                                | durable, or somebody else's
//                                v
//                          [ checkpointing ] --> looking after `last`
//
// Contract: each record lands in exactly one committed epoch, whatever is killed between any two actions, however many
// workers believe they own the shard, and wherever a start is put.
import type { Claim } from '../../schemas/chain.ts';
import type { ErrorCode } from '../../schemas/errors.ts';
import { CHAIN_START } from '../keys.ts';
import { compareSequences, sequenceBefore } from './sequence.ts';
import {
  type After,
  type EpochEvent,
  type ExternalEvent,
  extend,
  type Joining,
  type ResultEvent,
  type Start,
  type State,
  type Step,
} from './state.ts';

/** The shortest retention of a stream: what arrived after `now - this` can still be read. */
export const SHORTEST_RETENTION = 24 * 3_600_000; // ms

const MINUTE = 60_000; // ms
const minuteOf = (ms: number): number => Math.floor(ms / MINUTE);

/** The first step of a shard: look where the chain goes on, from the last link known to be committed (or its begin). */
export const begin = (start: Start, base: { readonly after: string; readonly link: string | null }): Step =>
  look({ ...base, start, gapFrom: null, then: null });

/** Advances the machine by one event. Throws (a defect, not bad input) when the event cannot occur in this state. */
export const advance = (state: State, event: EpochEvent): Step => {
  switch (event.on) {
    case 'record':
      return onRecord(state, event);
    case 'tick':
      return onTick(state, event);
    case 'shutdown':
    case 'shard-end':
      return onEnd(state, event);
    default:
      return onResult(state, event);
  }
};

const look = (at: Omit<Extract<State, { at: 'looking' }>, 'at'>): Step => ({
  state: { at: 'looking', ...at },
  action: { do: 'look', after: at.after },
});

const wait = (state: State): Step => ({ state, action: null });

const fail = (state: State, code: ErrorCode, why: string): Step => ({
  state: { at: 'ended', after: state.after, link: state.link },
  action: { do: 'fail', code, why },
});

const impossible = (state: State, event: EpochEvent): never => {
  throw new Error(`event ${event.on} cannot occur while ${state.at}`);
};

const resume = (step: Step, then: ExternalEvent | null): Step =>
  then === null || step.action !== null ? step : advance(step.state, then);

const joiningOf = (start: Start | null, after: string): Joining => {
  if (start === null) return { kind: 'known' };
  // Nothing that arrived after the watermark can have expired while the watermark is younger than any retention.
  const lossPossible = start.watermark === null || start.now - start.watermark > SHORTEST_RETENTION;
  if (start.position === after && !lossPossible) return { kind: 'known' };
  return { kind: 'unknown', lossPossible };
};

const onResult = (state: State, event: ResultEvent): Step => {
  switch (state.at) {
    case 'looking':
      return event.on === 'looked' ? onLooked(state, event) : impossible(state, event);
    case 'probing':
      return event.on === 'probed' ? onProbed(state, event) : impossible(state, event);
    case 'burying':
      if (event.on !== 'buried') return impossible(state, event);
      return look({
        after: event.last,
        link: state.after,
        start: null,
        gapFrom: state.gapFrom,
        then: state.then,
      });
    case 'open':
      if (event.on !== 'decoded') return impossible(state, event);
      return wait({ ...state, full: event.full });
    case 'adopted':
      return event.on === 'decoded' ? wait(state) : impossible(state, event);
    case 'claiming':
      if (event.on === 'claim-exists') {
        return fail(state, 'VF_CLAIM_LOST', `the epoch after ${state.after} was claimed by another worker`);
      }
      if (event.on !== 'claimed') return impossible(state, event);
      return {
        state: { ...state, at: 'writing', claim: event.claim },
        action: { do: 'write', claim: event.claim },
      };
    case 'writing':
      if (event.on !== 'written' || state.claim === null) return impossible(state, event);
      return { state: { ...state, at: 'committing' }, action: { do: 'commit', claim: state.claim } };
    case 'committing':
      if (event.on === 'tombstone-found') {
        return fail(state, 'VF_CLAIM_LOST', `the epoch after ${state.after} was given up by another worker`);
      }
      if (event.on !== 'committed') return impossible(state, event);
      return {
        state: { ...state, at: 'checkpointing' },
        action: { do: 'checkpoint', last: state.extent.last, link: state.after },
      };
    case 'checkpointing':
      if (event.on !== 'checkpointed') return impossible(state, event);
      return look({
        after: state.extent.last,
        link: state.after,
        start: null,
        gapFrom: null,
        then: state.then,
      });
    default:
      return impossible(state, event);
  }
};

const onLooked = (
  state: Extract<State, { at: 'looking' }>,
  { claim, done }: Extract<ResultEvent, { on: 'looked' }>,
): Step => {
  if (done !== null) return look({ ...state, after: done, link: state.after });
  const { after, link } = state;
  const joining = joiningOf(state.start, after);
  if (joining.kind === 'unknown') {
    // An empty chain promises nothing about what came before: any start joins it.
    if (after === CHAIN_START && claim === null) return resume(open(after, link, null), state.then);
    return resume(wait({ at: 'joining', after, link, claim, lossPossible: joining.lossPossible }), state.then);
  }
  const next =
    claim === null ? open(after, link, state.gapFrom) : wait({ at: 'adopted', after, link, claim, extent: null });
  return resume(next, state.then);
};

const open = (after: string, link: string | null, gapFrom: string | null): Step =>
  wait({ at: 'open', after, link, gapFrom, extent: null, full: false });

const onRecord = (state: State, record: Extract<ExternalEvent, { on: 'record' }>): Step => {
  switch (state.at) {
    case 'joining': {
      if (compareSequences(record.sequence, state.after) <= 0) {
        // A record at or before the end was delivered, so reading began there: what follows is contiguous.
        return wait(joined(state, null));
      }
      if (state.claim !== null && compareSequences(record.sequence, state.claim.first) <= 0) {
        return advance(joined(state, null), record);
      }
      return probe(state, record);
    }
    case 'open': {
      if (compareSequences(record.sequence, state.extent?.last ?? state.after) < 0) return wait(state);
      if (state.extent === null) {
        if (record.sequence === state.after) return wait(state);
        return take(state, record);
      }
      if (record.sequence === state.extent.last) {
        // Of one aggregate: never parted.
        return record.sub > state.extent.lastSub ? take(state, record) : wait(state);
      }
      const laterMinute = minuteOf(record.arrival) > minuteOf(state.extent.arrival.first);
      return laterMinute || state.full ? close(state, record) : take(state, record);
    }
    case 'adopted':
      return onAdopted(state, record);
    case 'ended':
      return wait(state);
    default:
      return impossible(state, record);
  }
};

const onAdopted = (
  state: Extract<State, { at: 'adopted' }>,
  record: Extract<ExternalEvent, { on: 'record' }>,
): Step => {
  const { claim, extent } = state;
  if (compareSequences(record.sequence, extent?.last ?? state.after) < 0) return wait(state);
  if (extent === null) {
    if (record.sequence === state.after) return wait(state);
    const order = compareSequences(record.sequence, claim.first);
    if (order < 0) {
      // Left out by whoever claimed it: rightly so only at a chain's very begin, or where the claim names a gap.
      if (state.after === CHAIN_START || claim.gap !== undefined) return wait(state);
      return fail(state, 'VF_CHAIN_BROKEN', `record ${record.sequence} lies before the claim after ${state.after}`);
    }
    if (order > 0) {
      return fail(state, 'VF_CHAIN_BROKEN', `the claim after ${state.after} begins at a record that did not come`);
    }
  }
  if (extent?.last === record.sequence && record.sub <= extent.lastSub) return wait(state);
  if (compareSequences(record.sequence, claim.last) > 0) {
    if (extent?.last === claim.last) return closeAdopted(state, record);
    return fail(state, 'VF_CHAIN_BROKEN', `the claim after ${state.after} ends at a record that did not come`);
  }
  return take(state, record);
};

const onTick = (state: State, tick: Extract<ExternalEvent, { on: 'tick' }>): Step => {
  switch (state.at) {
    case 'joining':
      return tick.atTip && state.claim === null ? probe(state, tick) : wait(state);
    case 'open': {
      if (state.extent === null) return wait(state);
      const over = tick.atTip && minuteOf(tick.now) > minuteOf(state.extent.arrival.first);
      return state.full || over ? close(state, null) : wait(state);
    }
    case 'adopted':
      return state.extent?.last === state.claim.last ? closeAdopted(state, null) : wait(state);
    case 'ended':
      return wait(state);
    default:
      return impossible(state, tick);
  }
};

const onEnd = (state: State, event: Extract<ExternalEvent, { on: 'shutdown' | 'shard-end' }>): Step => {
  const ended: State = { at: 'ended', after: state.after, link: state.link };
  const end: Step = { state: ended, action: event.on === 'shard-end' ? { do: 'end' } : null };
  switch (state.at) {
    case 'joining':
      return event.on === 'shutdown' ? end : probe(state, event);
    case 'open':
      return state.extent === null ? end : close(state, event);
    case 'adopted':
      if (state.extent?.last === state.claim.last) return closeAdopted(state, event);
      if (event.on === 'shutdown') return end;
      return fail(state, 'VF_CHAIN_BROKEN', `the shard ended before the end of the claim after ${state.after}`);
    case 'ended':
      return end;
    default:
      return impossible(state, event);
  }
};

const joined = (state: After & { readonly claim: Claim | null }, gapFrom: string | null): State =>
  state.claim === null
    ? { at: 'open', after: state.after, link: state.link, gapFrom, extent: null, full: false }
    : { at: 'adopted', after: state.after, link: state.link, claim: state.claim, extent: null };

const probe = (state: Extract<State, { at: 'joining' }>, then: ExternalEvent): Step => ({
  state: { ...state, at: 'probing', then },
  action: { do: 'probe', after: state.after, first: state.claim?.first ?? null },
});

/** What can still be read decides whether a start past the chain's end lost anything, and what. */
const onProbed = (
  state: Extract<State, { at: 'probing' }>,
  { trimmed, next }: Extract<ResultEvent, { on: 'probed' }>,
): Step => {
  const { then, claim, after } = state;
  const gapFrom = trimmed && state.lossPossible ? after : null;
  if (then.on === 'tick') {
    // Nothing readable is left out; or something has come just now, and will be judged when it is delivered.
    if (next !== null) return wait({ ...state, at: 'joining' });
    return advance(joined(state, gapFrom), then);
  }
  const skipped = then.on === 'record' ? next !== null && compareSequences(next, then.sequence) < 0 : next !== null;
  if (skipped) {
    const at = then.on === 'record' ? `record ${then.sequence}` : "the shard's end";
    return fail(
      state,
      'VF_CHAIN_AHEAD',
      `the start lies at ${at}, but the chain of this shard ends at ${after} and record ${next} after it can still be read`,
    );
  }
  if (claim === null) return advance(joined(state, gapFrom), then);
  const last = then.on === 'record' ? sequenceBefore(then.sequence) : claim.last;
  return {
    state: { at: 'burying', after, link: state.link, gapFrom: after, then },
    action: { do: 'bury', claim, last },
  };
};

const take = (
  state: Extract<State, { at: 'open' | 'adopted' }>,
  record: Extract<ExternalEvent, { on: 'record' }>,
): Step => {
  const extent = extend(state.extent, record);
  const adopted = state.at === 'adopted' ? state.claim : null;
  return { state: { ...state, extent }, action: { do: 'decode', after: state.after, adopted } };
};

const close = (state: Extract<State, { at: 'open' }>, then: ExternalEvent | null): Step => {
  const { after, link, extent, gapFrom } = state;
  if (extent === null) throw new Error('an empty epoch cannot close');
  const gap = gapFrom === null ? null : { after: gapFrom, before: extent.first };
  return {
    state: { at: 'claiming', after, link, extent, then, claim: null },
    action: { do: 'claim', after, extent, gap },
  };
};

const closeAdopted = (state: Extract<State, { at: 'adopted' }>, then: ExternalEvent | null): Step => {
  const { after, link, extent, claim } = state;
  if (extent === null) throw new Error('an empty epoch cannot close');
  if (extent.records !== claim.records) {
    return fail(
      state,
      'VF_CHAIN_BROKEN',
      `the claim after ${after} has ${claim.records} records, but ${extent.records} were delivered`,
    );
  }
  return { state: { at: 'writing', after, link, extent, then, claim }, action: { do: 'write', claim } };
};

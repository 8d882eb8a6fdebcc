// The epoch chain of one shard as a pure state machine: events in, at most one action out, time only as an event.
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
import { joinsHere, onJoining, onProbed, probe, SHORTEST_RETENTION } from './joining.ts';
import { adopt, fail, look, type Move, open, resume, wait } from './moves.ts';
import { compareSequences } from './sequence.ts';
import {
  type EpochEvent,
  type ExternalEvent,
  extend,
  type ResultEvent,
  type Start,
  type State,
  type Step,
} from './state.ts';

const MINUTE = 60_000; // ms
const minuteOf = (ms: number): number => Math.floor(ms / MINUTE);

/** The first step of a shard: look where the chain goes on, from the last link known to be committed (or its begin). */
export const begin = (start: Start, base: { readonly after: string; readonly link: string | null }): Step =>
  look({ ...base, start, gapFrom: null, pending: null });

/** Advances the machine by one event. Throws (a defect, not bad input) when the event cannot occur in this state. */
export const advance = (state: State, event: EpochEvent): Step => {
  let move = react(state, event);
  while (move.again !== undefined) move = react(move.state, move.again);
  return { state: move.state, action: move.action };
};

const react = (state: State, event: EpochEvent): Move => {
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

const impossible = (state: State, event: EpochEvent): never => {
  throw new Error(`event ${event.on} cannot occur while ${state.at}`);
};

const onResult = (state: State, event: ResultEvent): Move => {
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
        pending: state.pending,
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
        pending: state.pending,
      });
    default:
      return impossible(state, event);
  }
};

const onLooked = (
  state: Extract<State, { at: 'looking' }>,
  { claim, done }: Extract<ResultEvent, { on: 'looked' }>,
): Move => {
  if (done !== null) return look({ ...state, after: done, link: state.after });
  const { after, link, start } = state;
  if (start !== null && !joinsHere(start, after, claim)) {
    // Nothing that arrived after the watermark can have expired while the watermark is younger than any retention.
    const lossPossible = start.watermark === null || start.now - start.watermark > SHORTEST_RETENTION;
    return resume({ at: 'joining', after, link, claim, lossPossible, position: start.position }, state.pending);
  }
  return resume(claim === null ? open(after, link, state.gapFrom) : adopt(after, link, claim), state.pending);
};

const onRecord = (state: State, record: Extract<ExternalEvent, { on: 'record' }>): Move => {
  switch (state.at) {
    case 'joining':
      return onJoining(state, record);
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
): Move => {
  const { claim, extent } = state;
  if (compareSequences(record.sequence, extent?.last ?? state.after) < 0) return wait(state);
  if (extent === null) {
    if (record.sequence === state.after) return wait(state);
    if (record.sequence !== claim.first) {
      return fail(state, 'VF_CHAIN_BROKEN', `the claim after ${state.after} begins elsewhere than at the next record`);
    }
  }
  if (extent?.last === record.sequence && record.sub <= extent.lastSub) return wait(state);
  if (compareSequences(record.sequence, claim.last) > 0) {
    if (extent?.last === claim.last) return closeAdopted(state, record);
    return fail(state, 'VF_CHAIN_BROKEN', `the claim after ${state.after} ends at a record that did not come`);
  }
  return take(state, record);
};

const onTick = (state: State, tick: Extract<ExternalEvent, { on: 'tick' }>): Move => {
  switch (state.at) {
    case 'joining':
      return tick.atTip ? probe(state, tick) : wait(state);
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

const onEnd = (state: State, event: Extract<ExternalEvent, { on: 'shutdown' | 'shard-end' }>): Move => {
  const ended: State = { at: 'ended', after: state.after, link: state.link };
  const end: Move = { state: ended, action: event.on === 'shard-end' ? { do: 'end' } : null };
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

const take = (
  state: Extract<State, { at: 'open' | 'adopted' }>,
  record: Extract<ExternalEvent, { on: 'record' }>,
): Move => {
  const extent = extend(state.extent, record);
  const adopted = state.at === 'adopted' ? state.claim : null;
  return { state: { ...state, extent }, action: { do: 'decode', after: state.after, adopted } };
};

const close = (state: Extract<State, { at: 'open' }>, pending: ExternalEvent | null): Move => {
  const { after, link, extent, gapFrom } = state;
  if (extent === null) throw new Error('an empty epoch cannot close');
  const gap = gapFrom === null ? null : { after: gapFrom, before: extent.first };
  return {
    state: { at: 'claiming', after, link, extent, pending, claim: null },
    action: { do: 'claim', after, extent, gap },
  };
};

const closeAdopted = (state: Extract<State, { at: 'adopted' }>, pending: ExternalEvent | null): Move => {
  const { after, link, extent, claim } = state;
  if (extent === null) throw new Error('an empty epoch cannot close');
  if (extent.records !== claim.records) {
    return fail(
      state,
      'VF_CHAIN_BROKEN',
      `the claim after ${after} has ${claim.records} records, but ${extent.records} were delivered`,
    );
  }
  return { state: { at: 'writing', after, link, extent, pending, claim }, action: { do: 'write', claim } };
};

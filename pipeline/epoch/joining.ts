// How a start that may not be at the chain's end joins it: by what was delivered, and by what can still be read.
import type { Claim } from '../../schemas/chain.ts';
import { CHAIN_START } from '../keys.ts';
import { adopt, fail, type Move, open, resume, wait } from './moves.ts';
import { compareSequences, sequenceBetween } from './sequence.ts';
import type { ExternalEvent, ResultEvent, Start, State } from './state.ts';

/** The shortest retention of a stream: what arrived after `now - this` can still be read. */
export const SHORTEST_RETENTION = 24 * 3_600_000; // ms

const isNumber = (position: string): boolean => /^\d/.test(position);

/** Whether the first record of a start is known to be the one after the chain's end. */
export const joinsHere = ({ position, now, watermark }: Start, after: string, claim: Claim | null): boolean => {
  if (claim !== null) return false;
  // An empty chain promises nothing about what came before, except to a checkpoint: that says there was a chain.
  if (after === CHAIN_START) return !isNumber(position);
  return position === after && watermark !== null && now - watermark <= SHORTEST_RETENTION;
};

/** The first records of a start: what the chain has is skipped, and the first one past its end must be looked into. */
export const onJoining = (
  state: Extract<State, { at: 'joining' }>,
  record: Extract<ExternalEvent, { on: 'record' }>,
): Move => {
  const { after, link, claim } = state;
  if (compareSequences(record.sequence, after) <= 0) {
    // It was delivered, so reading began at or before the chain's end, and what follows is contiguous.
    return wait(claim === null ? open(after, link, null) : state);
  }
  if (claim !== null && compareSequences(record.sequence, claim.first) < 0) {
    // Left out by whoever claimed: rightly so only at a chain's very begin, or where the claim names a gap.
    if (after === CHAIN_START || claim.gap !== undefined) return wait(state);
    return fail(state, 'VF_CHAIN_BROKEN', `record ${record.sequence} lies before the claim after ${after}`);
  }
  return probe(state, record);
};

/** Asks what can still be read, before the event is reacted to. */
export const probe = (state: Extract<State, { at: 'joining' }>, pending: ExternalEvent): Move => ({
  state: { ...state, at: 'probing', pending },
  action: { do: 'probe', after: state.after, claim: state.claim },
});

/** What can still be read decides whether a start past the chain's end lost anything, and what. */
export const onProbed = (
  state: Extract<State, { at: 'probing' }>,
  probed: Extract<ResultEvent, { on: 'probed' }>,
): Move => {
  const { pending, claim, after, link, position } = state;
  const { next } = probed;
  if (next !== null && isLeftOut(next, position, pending)) {
    const end =
      after === CHAIN_START ? 'which has nothing of this shard' : `which has this shard up to record ${after}`;
    const what = `the start is ahead of the store, ${end}: record ${next} can be read and would be left out`;
    return fail(state, 'VF_CHAIN_AHEAD', what);
  }
  if (pending.on === 'tick' && next !== null) return wait({ ...state, at: 'joining' }); // it will be delivered
  if (claim === null) {
    const gapFrom = probed.trimmed && state.lossPossible && after !== CHAIN_START ? after : null;
    return resume(open(after, link, gapFrom), pending);
  }
  const begun = pending.on === 'record' && pending.sequence === claim.first;
  if (begun && probed.whole) return resume(adopt(after, link, claim), pending);
  // Its begin, or its end, is gone: nobody can ever write it as it was claimed.
  const last = pending.on === 'record' ? sequenceBetween(after, pending.sequence) : claim.last;
  if (last === null) return fail(state, 'VF_CHAIN_BROKEN', `the claim after ${after} ends at a record that is gone`);
  const burying = { at: 'burying', after, link, gapFrom: begun ? null : after, pending } as const;
  return { state: burying, action: { do: 'bury', claim, last } };
};

/** Whether a readable record after the chain's end will never be delivered, because reading began behind it. */
const isLeftOut = (next: string, position: string, pending: ExternalEvent): boolean => {
  if (pending.on === 'record') return compareSequences(next, pending.sequence) < 0;
  return pending.on === 'shard-end' || (isNumber(position) && compareSequences(next, position) <= 0);
};

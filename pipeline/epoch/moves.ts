// The elementary moves of the epoch machine: wait, look, open, adopt, fail, and taking up an event that had to wait.
import type { Claim } from '../../schemas/chain.ts';
import type { ErrorCode } from '../../schemas/errors.ts';
import type { ExternalEvent, State, Step } from './state.ts';

/** A step, or one on the way to it: `again` is to be reacted to in the new state before anything else. */
export type Move = Step & { readonly again?: ExternalEvent };

export const wait = (state: State): Move => ({ state, action: null });

/** Goes on in a state with the event that was put off, if there is one. */
export const resume = (state: State, pending: ExternalEvent | null): Move =>
  pending === null ? wait(state) : { state, action: null, again: pending };

export const look = (at: Omit<Extract<State, { at: 'looking' }>, 'at'>): Move => ({
  state: { at: 'looking', ...at },
  action: { do: 'look', after: at.after },
});

export const fail = (state: State, code: ErrorCode, why: string): Move => ({
  state: { at: 'ended', after: state.after, link: state.link },
  action: { do: 'fail', code, why },
});

/** An epoch that nobody has claimed. `gapFrom`: records may be lost between there and its first one. */
export const open = (after: string, link: string | null, gapFrom: string | null): State => ({
  at: 'open',
  ...{ after, link, gapFrom },
  extent: null,
  full: false,
});

/** An epoch whose extent and settings somebody has fixed. */
export const adopt = (after: string, link: string | null, claim: Claim): State => ({
  at: 'adopted',
  ...{ after, link, claim },
  extent: null,
});

// Turns a plan's actions into calls, one after the other, and the answers into what the next plan must go around.
import { obstacleOf } from '../../../pipeline/mirror-plan/reactions.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Ec2Mirror, MirrorAnswer, MirrorRefusal } from '../../../schemas/mirroring/account.ts';
import { type MirrorAction, type MirrorObstacle, NOT_CALLED } from '../../../schemas/mirroring/plan.ts';
import type { Made } from './recent-changes.ts';

export interface CallAnswer {
  readonly action: MirrorAction;
  /** Unix ms, of the answer. */
  readonly at: number;
  readonly answer: MirrorAnswer<Made>;
}

export interface CarriedOut {
  /** Of the first actions, in order; all of them unless it was stopped. */
  readonly answers: readonly CallAnswer[];
  readonly obstacles: readonly MirrorObstacle[];
  /** The signal was aborted between two calls: what follows was not called. */
  readonly stopped: boolean;
}

const call = (ec2: Ec2Mirror, action: MirrorAction): Promise<MirrorAnswer<Made>> => {
  switch (action.kind) {
    case 'create-session':
      return ec2.createSession(action.session);
    case 'delete-session':
      return ec2.deleteSession(action.id);
    case 'create-target':
      return ec2.createTarget(action.target);
    case 'delete-target':
      return ec2.deleteTarget(action.id);
    case 'run-instance':
      return ec2.runInstance(action.instance);
    case 'terminate-instance':
      return ec2.terminateInstance(action.id);
    case 'set-tags':
      return ec2.setTags(action.id, action.tags);
    case 'remove-tags':
      return ec2.removeTags(action.id, action.keys);
  }
};

const notCalled = ({ code }: MirrorRefusal): MirrorRefusal => ({
  ok: false,
  code: NOT_CALLED,
  message: `not called: EC2 answered ${code} to the calls before`,
});

/** So many calls in a row that EC2 had no time for, each with its own retries, and the others of the round are left. */
const PATIENCE = 2;

export interface Calling {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each answer as it comes. */
  readonly heard?: (answer: CallAnswer) => void;
}

/**
 * Makes the calls in their order. A refusal stops nothing but what it is about; only where EC2 asks for patience
 * (RequestLimitExceeded, Unavailable …) twice in a row, what follows would add to it, and is not called. An abort of the
 * signal is looked at between two calls; one that cuts a call short leaves it without an answer. Rejects with nothing
 * else.
 */
export const carryOut = async (
  ec2: Ec2Mirror,
  actions: readonly MirrorAction[],
  { clock, signal, heard = () => {} }: Calling,
): Promise<CarriedOut> => {
  const answers: CallAnswer[] = [];
  const obstacles: MirrorObstacle[] = [];
  let late: readonly MirrorRefusal[] = []; // of the last calls
  for (const action of actions) {
    if (signal.aborted) return { answers, obstacles, stopped: true };
    let answer: MirrorAnswer<Made>;
    try {
      answer = late.length < PATIENCE ? await call(ec2, action) : notCalled(late[0]);
    } catch (error) {
      if (signal.aborted) return { answers, obstacles, stopped: true };
      throw error;
    }
    const answered: CallAnswer = { action, at: clock.now(), answer };
    answers.push(answered);
    heard(answered);
    const obstacle = answer.ok ? null : obstacleOf(action, answer);
    if (obstacle !== null) obstacles.push(obstacle);
    if (late.length < PATIENCE) late = !answer.ok && obstacle?.what === 'later' ? [...late, answer] : [];
  }
  return { answers, obstacles, stopped: false };
};

// Turns what could not be done in this turn into decisions to ask again: a region that could not be read, too many rounds.
import type { MirrorDecision, MirrorPlan, MirrorRequest } from '../../schemas/mirroring/plan.ts';

/** Every request waits, because the region could not be read; `why` is one sentence. */
export const unread = (requests: readonly MirrorRequest[], why: string): MirrorPlan => ({
  decisions: requests.map(({ key, instances }) => ({
    ...{ request: key, outcome: 'wait', reason: 'failed', detail: `the region could not be read: ${why}` },
    instance: instances.length === 1 ? instances[0] : null,
    ...{ interface: null, rule: null, session: null, target: null, expires: null, neighbour: null },
  })),
  actions: [],
});

/** The plan without its calls: what they were for waits. */
export const deferred = ({ decisions, actions }: MirrorPlan, rounds: number): MirrorPlan => {
  const called = new Set(actions.map(({ decision }) => decision));
  const wait = (decision: MirrorDecision): MirrorDecision => ({
    ...decision,
    outcome: 'wait',
    detail: `${decision.detail}; ${rounds} rounds of calls in one turn did not do`,
  });
  return {
    decisions: decisions.map((decision, index) => (called.has(index) ? wait(decision) : decision)),
    actions: [],
  };
};

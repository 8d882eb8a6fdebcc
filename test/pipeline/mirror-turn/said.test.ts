// What the audit is told of a plan: what is new, and of a request all or nothing; the actions keep their decisions.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SaidDecisions } from '../../../pipeline/mirror-turn/said.ts';
import type { MirrorAction, MirrorDecision, MirrorPlan } from '../../../schemas/mirroring/plan.ts';

const decision = (more: Partial<MirrorDecision>): MirrorDecision => ({
  ...{ request: 'r', outcome: 'wait', reason: 'target_starting', detail: '', instance: 'i', interface: 'eni' },
  ...{ rule: null, session: null, target: null, expires: null, neighbour: null },
  ...more,
});
const planOf = (decisions: readonly MirrorDecision[], actions: readonly MirrorAction[] = []): MirrorPlan => ({
  decisions,
  actions,
});
const sayAll = (said: SaidDecisions, { decisions }: MirrorPlan): void => {
  for (const one of decisions) said.say(one);
};

test('a decision that stays the same is said once, whatever the numbers in its sentence', () => {
  const said = new SaidDecisions();
  const plan = planOf([decision({ detail: '1 Mbit/s' })]);
  expect(said.unsaid(plan)).toEqual(plan);
  expect(said.unsaid(plan)).toEqual(plan); // not said yet
  sayAll(said, plan);
  expect(said.unsaid(planOf([decision({ detail: '2 Mbit/s' })]))).toEqual(planOf([]));
  const changed = planOf([decision({ outcome: 'refuse', reason: 'target_failed' })]);
  expect(said.unsaid(changed)).toEqual(changed);
});

test('of a request everything is said again when one of its decisions is new; of others nothing', () => {
  const said = new SaidDecisions();
  const first = planOf([decision({ interface: 'a' }), decision({ interface: 'b' }), decision({ request: 'other' })]);
  sayAll(said, first);
  const second = planOf([
    decision({ interface: 'a', outcome: 'refuse' }),
    decision({ interface: 'b' }),
    decision({ request: 'other' }),
  ]);
  expect(said.unsaid(second)).toEqual(planOf(second.decisions.slice(0, 2)));
});

test('what a call follows is always said; each session of the housekeeping stands alone', () => {
  const said = new SaidDecisions();
  const own = { request: null, instance: null, outcome: 'report', reason: 'foreign' } as const;
  const reports = planOf([decision({ ...own, session: 'tms-1' }), decision({ ...own, session: 'tms-2' })]);
  sayAll(said, reports);
  const release = decision({ ...own, session: 'tms-2' });
  const plan = planOf([reports.decisions[0], release], [{ decision: 1, kind: 'delete-session', id: 'tms-2' }]);
  expect(said.unsaid(plan)).toEqual(planOf([release], [{ decision: 0, kind: 'delete-session', id: 'tms-2' }]));
});

test('every action stays, and points to the decision that it belongs to', () => {
  const decisions = fc.array(
    fc.record({
      request: fc.constantFrom('r1', 'r2', null),
      interface: fc.constantFrom('a', 'b'),
      outcome: fc.constantFrom<MirrorDecision['outcome']>('wait', 'keep', 'create'),
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(decisions, decisions, fc.array(fc.nat()), (before, after, places) => {
      const said = new SaidDecisions();
      sayAll(said, planOf(before.map(decision)));
      const all = after.map((one, n) => decision({ ...one, detail: String(n) }));
      const actions = places.map((place): MirrorAction => {
        const at = place % all.length;
        return { decision: at, kind: 'delete-session', id: String(at) };
      });
      const left = said.unsaid(planOf(all, actions));
      expect(left.actions.map((action) => ('id' in action ? action.id : ''))).toEqual(
        actions.map(({ decision: at }) => String(at)),
      );
      for (const action of left.actions)
        expect(left.decisions[action.decision ?? -1].detail).toBe('id' in action && action.id);
      expect(all.filter((one) => left.decisions.includes(one))).toEqual(left.decisions); // in their order
    }),
  );
});

// Properties of plans over random regions, rule files and requests, carried out on a model that knows EC2's limits.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planMirroring } from '../../../pipeline/mirror-plan/plan-mirroring.ts';
import { taggedPurpose } from '../../../pipeline/mirror-plan/purpose.ts';
import type { MirrorMemory, MirrorPlan, MirrorRequest, MirrorWorld } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import { ModelAccount, type Region } from './model-account.ts';
import { regions, requestLists, ruleFiles } from './random-region.ts';

const NOTHING: MirrorMemory = { released: () => null, decided: () => null, ended: () => 0 };
const MOST_ROUNDS = 8;

const planFor = (rules: MirrorRules, requests: readonly MirrorRequest[], world: MirrorWorld): MirrorPlan =>
  planMirroring({ rules, requests, world, memory: NOTHING, obstacles: [] });

/** Plans and carries out until no call is left; the plans. */
function toTheEnd(
  account: ModelAccount,
  rules: MirrorRules,
  requests: readonly MirrorRequest[],
): readonly MirrorPlan[] {
  const plans: MirrorPlan[] = [];
  for (;;) {
    const plan = planFor(rules, requests, account.world());
    plans.push(plan);
    if (plan.actions.length === 0) return plans;
    assert(plans.length <= MOST_ROUNDS, 'it never ends');
    account.carryOut(plan.actions);
    account.boot();
  }
}

/** Whose packets go where until when: all that matters of the sessions, without the ids of what was launched. */
const sessionsOf = (account: ModelAccount): readonly string[] =>
  [...account.sessions.values()]
    .map((one) => {
      const on = account.interfaces.get(account.targets.get(one.target)?.interface ?? '')?.subnet ?? 'elsewhere';
      const target = one.target.startsWith('tmt-0') ? on : one.target;
      return [one.interface, taggedPurpose(one.tags), one.number, target, one.tags['vpcflow:expires']].join(' ');
    })
    .sort();

const cases = { region: regions, rules: ruleFiles, requests: requestLists };
const runs = { numRuns: 400 };

test('no plan goes beyond a limit of EC2, mirrors a target or touches what is not ours; calls come to an end', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.record(cases), ({ region, rules, requests }) => {
      const account = new ModelAccount(region);
      for (const { decisions, actions } of toTheEnd(account, rules, requests)) {
        for (const request of requests)
          assert(
            decisions.some((one) => one.request === request.key),
            request.key,
          );
        for (const { decision, kind } of actions) {
          assert(decision !== null && decisions[decision] !== undefined);
          seen.add(kind);
        }
        for (const { outcome, reason } of decisions) seen.add(`${outcome} ${reason}`);
      }
    }),
    { ...runs, numRuns: 1500 },
  );
  // The random regions reach what the plans are about.
  for (const kind of ['create-session', 'create-target', 'run-instance', 'set-tags', 'delete-session']) {
    expect(seen).toContain(kind);
  }
  const reasons = [
    'sessions_full',
    'is_target',
    'family',
    'max_sessions',
    'cost',
    'bandwidth',
    'target_missing',
    'no_rule',
  ];
  for (const reason of [
    ...reasons,
    'expired',
    'filter_missing',
    'interface_kind',
    'instance_gone',
    'severity',
    'type_denied',
  ]) {
    expect(seen).toContain(`refuse ${reason}`);
  }
  for (const reason of ['superseded', 'already', 'archived']) expect(seen).toContain(`keep ${reason}`);
});

test('each request has one decision for an interface, and a finding one session on it', () => {
  fc.assert(
    fc.property(fc.record(cases), ({ region, rules, requests }) => {
      const account = new ModelAccount({ ...region, sessions: [] });
      const last = toTheEnd(account, rules, requests).at(-1);
      const about =
        last?.decisions.map((one) => `${one.request} ${one.instance} ${one.interface} ${one.session}`) ?? [];
      expect(new Set(about).size).toBe(about.length);
      const purposes = [...account.sessions.values()].map((one) => `${one.interface} ${taggedPurpose(one.tags)}`);
      expect(new Set(purposes).size).toBe(purposes.length);
    }),
    runs,
  );
});

const shuffled = (world: MirrorWorld, order: <T>(list: readonly T[]) => readonly T[]): MirrorWorld => ({
  ...world,
  instances: new Map(order([...world.instances])),
  interfaces: new Map(order([...world.interfaces])),
  sessions: order(world.sessions),
  targets: order(world.targets),
  managedInstances: order(world.managedInstances),
});

test('a plan does not depend on the order of what it is made of, and a repeat makes the same calls with the same tokens', () => {
  fc.assert(
    fc.property(fc.record({ ...cases, seed: fc.nat() }), ({ region, rules, requests, seed }) => {
      const world = new ModelAccount(region).world();
      const order = <T>(list: readonly T[]): readonly T[] =>
        list
          .map((one, i) => ({ one, key: Math.sin(seed + i * 12.9898) }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
      const plan = planFor(rules, requests, world);
      const twice = order([...requests, ...requests]);
      expect(planFor(rules, twice, shuffled(world, order))).toEqual(plan);
    }),
    runs,
  );
});

test('a session is only ever extended', () => {
  fc.assert(
    fc.property(fc.record(cases), ({ region, rules, requests }) => {
      const account = new ModelAccount(region);
      const { actions } = planFor(rules, requests, account.world());
      for (const action of actions) {
        if (action.kind !== 'set-tags') continue;
        const before = account.sessions.get(action.id)?.tags['vpcflow:expires'] ?? '?';
        expect(action.tags['vpcflow:expires'] > before).toBe(true);
      }
    }),
    runs,
  );
});

test('a worker that dies between two calls, and another that asks the same again, end in the same sessions', () => {
  fc.assert(
    fc.property(fc.record({ ...cases, calls: fc.nat({ max: 6 }), round: fc.nat({ max: 2 }) }), (given) => {
      const { rules, requests } = given;
      const region: Region = given.region;
      const whole = new ModelAccount(region);
      toTheEnd(whole, rules, requests);
      const killed = new ModelAccount(region);
      for (let round = 0; round <= given.round; round += 1) {
        const { actions } = planFor(rules, requests, killed.world());
        killed.carryOut(round < given.round ? actions : actions.slice(0, given.calls));
        killed.boot();
      }
      toTheEnd(killed, rules, requests);
      expect(sessionsOf(killed)).toEqual(sessionsOf(whole));
    }),
    runs,
  );
});

test('a call whose answer never came is made again as the same call', () => {
  fc.assert(
    fc.property(fc.record(cases), ({ region, rules, requests }) => {
      const account = new ModelAccount(region);
      const { actions } = planFor(rules, requests, account.world());
      const creates = actions.filter(({ kind }) => ['create-session', 'create-target', 'run-instance'].includes(kind));
      account.carryOut(actions);
      const held = [account.sessions.size, account.targets.size, account.instances.size];
      account.carryOut(creates);
      expect([account.sessions.size, account.targets.size, account.instances.size]).toEqual(held);
    }),
    runs,
  );
});

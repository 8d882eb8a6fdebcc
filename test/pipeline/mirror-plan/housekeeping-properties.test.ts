// Properties of the housekeeping over random regions and times, carried out on a model that knows EC2's limits.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planHousekeeping } from '../../../pipeline/mirror-plan/housekeeping/plan-housekeeping.ts';
import { isOurs } from '../../../pipeline/mirror-plan/owned.ts';
import { planMirroring } from '../../../pipeline/mirror-plan/plan-mirroring.ts';
import { taggedPurpose } from '../../../pipeline/mirror-plan/purpose.ts';
import type { MirrorPlan } from '../../../schemas/mirroring/plan.ts';
import { ModelAccount, type Region } from './model-account.ts';
import { NOW, regions, requestLists, ruleFiles } from './random-region.ts';

const MINUTE = 60_000;
const NOTHING = { released: () => null, decided: () => null, ended: () => 0 };

const housekeeping = (account: ModelAccount, archived: readonly string[] = []): MirrorPlan =>
  planHousekeeping({
    world: account.world(),
    memory: { decided: (finding) => (archived.includes(finding) ? { updatedAt: NOW, archived: true } : null) },
    made: [],
    obstacles: [],
  }).plan;

function keepHouse(account: ModelAccount, archived?: readonly string[]): void {
  for (let round = 0; ; round += 1) {
    const { actions } = housekeeping(account, archived);
    if (actions.length === 0) return;
    assert(round < 6, 'it never ends');
    account.carryOut(actions);
  }
}

/** Everything that has no tag of ours, in full. */
const foreign = (account: ModelAccount): unknown => [
  [...account.sessions.values()].filter((one) => !isOurs(one)),
  [...account.targets.values()].filter((one) => !isOurs(one)),
  [...account.instances.values()].filter((one) => !isOurs(one)),
];

/** Whether nobody receives what goes to the target: its interface, or the instance that has it, is gone. */
const isDead = (account: ModelAccount, id: string): boolean => {
  const target = account.targets.get(id);
  if (target === undefined || target.interface === null || target.owner !== account.world().account) return false;
  const on = account.interfaces.get(target.interface);
  return on === undefined || account.instances.get(on.instance ?? '')?.state === 'terminated';
};

const given = fc.record({
  region: regions,
  minutes: fc.integer({ min: 0, max: 120 }),
  archived: fc.subarray(['f1', 'f2', 'f3']),
});
const runs = { numRuns: 400 };

test('what is over goes, what is not stays, and nothing that is not ours is touched', () => {
  fc.assert(
    fc.property(given, ({ region, minutes, archived }) => {
      const account = new ModelAccount({ ...region, now: NOW + minutes * MINUTE });
      const before = foreign(account);
      const were = [...account.sessions.values()];
      const dead = new Set([...account.targets.keys()].filter((id) => isDead(account, id)));
      keepHouse(account, archived);
      expect(foreign(account)).toEqual(before);
      for (const session of were.filter(isOurs)) {
        const { 'vpcflow:expires': expires = '', 'vpcflow:finding': finding = '' } = session.tags;
        const isThere = account.sessions.has(session.id);
        if (expires === '?' && !dead.has(session.target)) expect(isThere).toBe(true);
        const twins = were.filter((one) => isOurs(one) && one.interface === session.interface).length > 1;
        if (finding === '' || expires === '?' || twins) continue;
        const state = account.instances.get(account.interfaces.get(session.interface)?.instance ?? '')?.state;
        const isOver = Date.parse(expires) <= account.now || archived.includes(finding) || state === 'terminated';
        expect(isThere).toBe(!isOver && !dead.has(session.target));
      }
    }),
    runs,
  );
});

test('one session for each finding and interface stays: that with the lowest number, for as long as any had left', () => {
  fc.assert(
    fc.property(regions, (region) => {
      const running = region.instances.map((one) => ({ ...one, state: 'running' as const }));
      const account = new ModelAccount({ ...region, instances: running });
      const readable = [...account.sessions.values()].filter(
        (one) => isOurs(one) && one.tags['vpcflow:expires'] !== '?' && !isDead(account, one.target),
      );
      const groups = Map.groupBy(readable, (one) => `${one.interface} ${taggedPurpose(one.tags)}`);
      keepHouse(account);
      for (const group of groups.values()) {
        const until = group.map(({ tags }) => Date.parse(tags['vpcflow:expires'] ?? '2999-01-01T00:00:00Z'));
        const longest = Math.max(...until);
        const left = group.filter(({ id }) => account.sessions.has(id));
        const lowest = group.toSorted((a, b) => a.number - b.number)[0];
        expect(left.map(({ id }) => id)).toEqual(longest > NOW ? [lowest.id] : []);
        if (longest <= NOW || lowest.tags['vpcflow:expires'] === undefined) continue;
        expect(Date.parse(account.sessions.get(lowest.id)?.tags['vpcflow:expires'] ?? '')).toBe(longest);
      }
    }),
    runs,
  );
});

test('after all findings are over, minutes later, nothing that was made is left', () => {
  fc.assert(
    fc.property(fc.record({ region: regions, rules: ruleFiles, requests: requestLists }), (all) => {
      const region: Region = { ...all.region, sessions: [], targets: all.region.targets.filter((one) => !isOurs(one)) };
      const account = new ModelAccount(region);
      const requests = all.requests.filter(({ finding }) => finding !== null);
      for (let round = 0; round < 4; round += 1) {
        const { rules } = all;
        const world = account.world();
        account.carryOut(planMirroring({ rules, requests, world, memory: NOTHING, obstacles: [] }).actions);
        account.boot();
        keepHouse(account);
      }
      // An hour, the longest ttl, then a look each five minutes.
      for (account.now += 61 * MINUTE; account.now < NOW + 100 * MINUTE; account.now += 5 * MINUTE) keepHouse(account);
      expect([...account.sessions.values()].filter(isOurs)).toEqual([]);
      expect([...account.targets.values()].filter(isOurs)).toEqual([]);
      expect([...account.instances.values()].filter((one) => isOurs(one) && one.state !== 'terminated')).toEqual([]);
    }),
    runs,
  );
});

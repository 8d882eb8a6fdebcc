// Quotas that are too large for random regions: the account's sessions and targets, and targets of the largest sizes.
import { expect, test } from 'vitest';
import { planMirroring } from '../../../pipeline/mirror-plan/plan-mirroring.ts';
import type { MirrorSession, MirrorTarget } from '../../../schemas/mirroring/account.ts';
import type { MirrorMemory } from '../../../schemas/mirroring/plan.ts';
import { ACCOUNT, ModelAccount, type Region } from './model-account.ts';
import { readScenario, type Scenario } from './scenario.ts';

const NOTHING: MirrorMemory = { released: () => null, decided: () => null, ended: () => 0 };

const named = (hostType: string, sources: number) =>
  readScenario(`
now: 2026-11-22T02:15:00Z
rules: |
  mode: apply
  vpcs:
  - {vpcId: vpc-1, filterId: tmf-1, targetId: tmt-1}
instances:
  i-host: {type: ${hostType}, interfaces: {eni-host: [10.1.0.1]}}
${Array.from({ length: sources }, (_, i) => `  i-${i}: {interfaces: {eni-${i}: [10.0.0.${i}]}}`).join('\n')}
targets: {tmt-1: {interface: eni-host}}
requests:
${Array.from({ length: sources }, (_, i) => `- {finding: f${String(i).padStart(3, '0')}, instances: [i-${i}]}`).join('\n')}
`);

const launched = () =>
  readScenario(`
now: 2026-11-22T02:15:00Z
rules: |
  mode: apply
  vpcs:
  - {vpcId: vpc-1, filterId: tmf-1, targetInstanceType: t3.micro, targetInstanceAmi: ami-1, targetSecurityGroupIds: [sg-1]}
instances:
  i-1: {interfaces: {eni-1: [10.0.0.1]}}
requests:
- {finding: f1, instances: [i-1]}
`);

const reasonsOf = ({ rules, requests }: Scenario, region: Region): readonly string[] => {
  const account = new ModelAccount(region);
  const { decisions, actions } = planMirroring({
    ...{ rules, requests, world: account.world(), memory: NOTHING, obstacles: [] },
  });
  account.carryOut(actions);
  return decisions.map(({ outcome, reason }) => `${outcome} ${reason}`);
};

test.each([
  ['m5.large', 10],
  ['m5.24xlarge', 100],
])('a target on %s takes %i sources', (type, sources) => {
  const scenario = named(type, sources + 1);
  const reasons = reasonsOf(scenario, scenario.region);
  expect(reasons).toEqual([...Array.from({ length: sources }, () => 'create wanted'), 'refuse targets_full']);
});

const foreign = (count: number): MirrorSession[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ id: `tms-${i}`, interface: `eni-of-others-${i}`, target: 'tmt-9', filter: 'tmf-9', number: 1, tags: {} },
    ...{ virtualNetworkId: null, packetLength: null },
  }));

test('the account has 10,000 sessions, whoever made them', () => {
  const scenario = named('m5.large', 2);
  const sessions = foreign(9_999);
  expect(reasonsOf(scenario, { ...scenario.region, sessions })).toEqual(['create wanted', 'refuse account_full']);
});

const targets = (count: number, owner: string): MirrorTarget[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ id: `tmt-${owner}-${i}`, kind: 'network-load-balancer', interface: null, owner, tags: {} },
  }));

test('the account has 10,000 targets; those that others share with it are not counted', () => {
  const scenario = launched();
  const other = targets(10_000, '999999999999');
  expect(reasonsOf(scenario, { ...scenario.region, targets: other })).toEqual(['wait target_starting']);
  const own = targets(10_000, ACCOUNT);
  expect(reasonsOf(scenario, { ...scenario.region, targets: own })).toEqual(['refuse account_full']);
});

test('a shared target, whose host nobody can see, takes the fewer sources', () => {
  const scenario = named('m5.24xlarge', 11);
  const targets = scenario.region.targets.map((one) => ({ ...one, owner: '999999999999' }));
  const instances = scenario.region.instances.filter(({ id }) => id !== 'i-host');
  const hidden = { ...scenario.region, targets, instances };
  expect(reasonsOf(scenario, hidden).at(-1)).toBe('refuse targets_full');
});

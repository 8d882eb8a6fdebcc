// The account of the simulated network: the interfaces that log are those that EC2 knows, and there is where to mirror them to.
import { expect, test } from 'vitest';
import { readRules } from '../../../pipeline/mirror-rules/rules.ts';
import { SIMULATED_ACCOUNT, SIMULATED_FILTER } from '../../../pipeline/simulation/account.ts';
import { SIMULATED_RULES } from '../../../pipeline/simulation/mirror-rules.ts';
import { host, INTERFACES, REGION, VPC } from '../../../pipeline/simulation/world.ts';

const { instances, interfaces, targets, filters } = SIMULATED_ACCOUNT;

test('every interface that logs is there, as it logs', () => {
  for (const one of INTERFACES) {
    const found = interfaces.find(({ id }) => id === one.id);
    expect(found, one.name).toMatchObject({ subnet: one.subnet, vpc: VPC });
    expect(found?.addresses[0]).toBe(host(one.name).address);
    expect(found?.instance ?? '-').toBe(one.instance);
  }
  expect(new Set(interfaces.map(({ id }) => id)).size).toBe(interfaces.length);
  expect(new Set(interfaces.flatMap(({ addresses }) => addresses)).size).toBe(interfaces.length + 2);
});

test('instances and interfaces name each other', () => {
  for (const instance of instances) {
    expect(instance.id).toMatch(/^i-[0-9a-f]{17}$/);
    expect(instance.interfaces.map(({ instance: id, deviceIndex }) => [id, deviceIndex])).toEqual([[instance.id, 0]]);
    expect(instance).toMatchObject({ state: 'running', zone: instance.interfaces[0]?.zone });
    expect(interfaces).toContain(instance.interfaces[0]);
    expect(Object.keys(instance.tags).sort()).toEqual(['Name', 'tier']);
  }
  expect(interfaces.filter(({ instance }) => instance === null).every((one) => one.requesterManaged)).toBe(true);
});

test('there is a target in each zone, on an appliance that logs nothing, and a filter with rules', () => {
  const zones = targets.map((target) => interfaces.find(({ id }) => id === target.interface)?.zone);
  expect(zones).toEqual(['us-east-1a', 'us-east-1b']);
  expect(new Set(instances.map(({ zone }) => zone))).toEqual(new Set(zones));
  expect(INTERFACES.some(({ id }) => targets.some((target) => target.interface === id))).toBe(false);
  expect(filters).toEqual([SIMULATED_FILTER]);
  expect(SIMULATED_FILTER.rules).toBeGreaterThan(0);
});

test('one instance is of a family that EC2 does not mirror', () => {
  expect(instances.filter(({ type }) => type.startsWith('t2.')).map(({ tags }) => tags.Name)).toEqual(['monitor']);
});

test('its rules are a rule file without a doubt, about what the account has', () => {
  const reading = readRules(SIMULATED_RULES, { file: 'built in', region: null, mode: null, enable: null });
  expect(reading).toMatchObject({ warnings: [], rules: { mode: 'plan', neighbours: 2 } });
  const rules = 'rules' in reading ? reading.rules.regions.get(REGION) : [];
  expect(rules).toMatchObject([
    { name: 'simulated', filter: SIMULATED_FILTER.id, ttl: 600, scope: 'affected', match: { by: 'vpc', vpc: VPC } },
  ]);
  expect(rules?.[0]?.target).toEqual({ by: 'id', ids: targets.map(({ id }) => id) });
});

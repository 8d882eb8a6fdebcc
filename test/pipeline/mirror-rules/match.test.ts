// The rule of an instance: tags before subnets before VPCs, each as in the file, and the names of the others.
import { describe, expect, test } from 'vitest';
import { matchRule } from '../../../pipeline/mirror-rules/match.ts';
import { readRules } from '../../../pipeline/mirror-rules/rules.ts';

const FILE = `
mode: plan
vpcs:
- {vpcId: vpc-0a, filterId: tmf-0a, targetId: tmt-0a}
subnets:
- {subnetId: subnet-0a, filterId: tmf-0a, targetId: tmt-0a}
tags:
- {tagList: [{Key: team, Value: web}, {Key: tier}], filterId: tmf-0a, targetId: tmt-0a, name: both}
- {tagList: [{Key: team, Value: web}], filterId: tmf-0a, targetId: tmt-0a, name: web}
- {tagList: [{Key: constructor}], filterId: tmf-0a, targetId: tmt-0a, name: odd}
`;

const reading = readRules(FILE, { file: 'us-east-1.yaml', region: null, mode: null, enable: null });
const rules = 'rules' in reading ? (reading.rules.regions.get('us-east-1') ?? []) : [];

const found = (tags: Record<string, string>, subnet = 'subnet-0b', vpc = 'vpc-0b') => {
  const { rule, others } = matchRule(rules, { tags, subnet, vpc });
  return [rule?.name ?? null, ...others];
};

describe('the rule of an instance', () => {
  test('is the first by tags, then by subnet, then by VPC', () => {
    expect(found({ team: 'web', tier: 'front' }, 'subnet-0a', 'vpc-0a')).toEqual([
      ...['both', 'web', 'subnets[0]', 'vpcs[0]'],
    ]);
    expect(found({}, 'subnet-0a', 'vpc-0a')).toEqual(['subnets[0]', 'vpcs[0]']);
    expect(found({ other: 'x' }, 'subnet-0b', 'vpc-0a')).toEqual(['vpcs[0]']);
  });

  test('needs all tags of its list, by key and value', () => {
    expect(found({ team: 'web' })).toEqual(['web']);
    expect(found({ tier: 'front' })).toEqual([null]);
    expect(found({ team: 'Web', tier: 'front' })).toEqual([null]);
  });

  test('takes any value where none is given, the empty one too', () => {
    expect(found({ team: 'web', tier: '' })).toEqual(['both', 'web']);
    expect(found({ constructor: 'x' })).toEqual(['odd']);
  });

  test('is none where nothing matches', () => {
    expect(found({})).toEqual([null]);
    expect(matchRule([], { tags: {}, subnet: 'subnet-0a', vpc: 'vpc-0a' })).toEqual({ rule: null, others: [] });
  });
});

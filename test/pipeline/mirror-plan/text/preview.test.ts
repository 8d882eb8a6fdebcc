// What people read of a plan that nobody carries out: texts of others do nothing to a terminal, and numbers stay exact.
import { expect, test } from 'vitest';
import { previewJson, previewText } from '../../../../pipeline/mirror-plan/text/preview.ts';
import { decisionCounts, summaryText } from '../../../../pipeline/mirror-plan/text/summary.ts';
import type { Finding } from '../../../../schemas/mirroring/events.ts';
import type { MirrorAction, MirrorDecision } from '../../../../schemas/mirroring/plan.ts';

const decision = (more: Partial<MirrorDecision>): MirrorDecision => ({
  ...{ request: 'existing/i-1', outcome: 'create', reason: 'wanted', detail: '', instance: 'i-1', interface: 'eni-1' },
  ...{ rule: 'vpcs[0]', session: null, target: null, expires: null, neighbour: null },
  ...more,
});
const session = (place: number): MirrorAction => ({
  ...{ decision: place, kind: 'create-session' },
  session: {
    ...{ interface: 'eni-1', target: 'tmt-1', filter: 'tmf-1', number: 1, virtualNetworkId: null, packetLength: null },
    ...{ description: '', tags: {}, token: 't' },
  },
});
const host: MirrorAction = {
  ...{ decision: 0, kind: 'run-instance' },
  instance: { instanceType: 'm5.large', image: 'ami-1', securityGroups: [], subnet: 'subnet-a', tags: {}, token: 't' },
};

test('a preview shows no control characters of a title, and one line of it', () => {
  const finding: Finding = {
    ...{ id: 'f1', type: 'Recon:EC2/Portscan', severity: 5, title: 'a\u001b[31m\nb', account: '1', region: 'r' },
    ...{ updatedAt: 0, archived: false, instances: [], interfaces: [], localAddresses: [], localInterfaces: [] },
    remoteAddresses: ['192.0.2.1', '2001:db8::1'],
  };
  const place = { what: 'f.json', mode: 'plan', account: '1', region: 'r', guard: { sessionPrice: 0.015 } } as const;
  const text = previewText({ ...place, finding, plan: { decisions: [], actions: [] } });
  expect(text.split('\n').slice(0, 4)).toEqual([
    'f.json: account 1, r, mode plan',
    'finding f1, Recon:EC2/Portscan, severity 5, a [31m b',
    'taken as if it came now; it was last updated at 1970-01-01T00:00:00Z',
    'remote 192.0.2.1, 2001:db8::1',
  ]);
  const neighbour = { interface: 'eni-1', bytes: 2n ** 60n, window: 'w', complete: null };
  const plan = { decisions: [decision({ neighbour, expires: 60_000 })], actions: [session(0)] };
  expect(JSON.parse(previewJson({ ...place, finding: null, plan }))).toMatchObject({
    ...{ finding: null, costPerHour: 0.015 },
    decisions: [{ neighbour: { bytes: '1152921504606846976' }, expires: '1970-01-01T00:01:00Z' }],
  });
});

test('a summary counts decisions by reason and sessions by rule, most first, over all regions', () => {
  const refused = [
    decision({ outcome: 'refuse', reason: 'no_rule' }),
    decision({ outcome: 'refuse', reason: 'family' }),
  ];
  const decisions = [decision({}), decision({ rule: 'web' }), decision({ rule: 'web' }), ...refused, refused[0]];
  const one = { region: 'us-east-1', instances: 6, plan: { decisions, actions: [0, 1, 2].map(session) } };
  const two = {
    region: 'eu-west-1',
    instances: 1,
    plan: { decisions: [decision({ outcome: 'wait' })], actions: [host] },
  };
  expect(summaryText([one, two], { sessionPrice: 0.015 }).split('\n')).toEqual([
    'us-east-1: 6 instances',
    '  create        3  wanted: a rule matches',
    '  refuse        2  no_rule: no rule matches',
    '  refuse        1  family: EC2 cannot mirror instances of this family',
    '  2 sessions by web',
    '  1 session by vpcs[0]',
    'eu-west-1: 1 instance',
    '  wait          1  wanted: a rule matches',
    '3 sessions more: 0.045 USD an hour at 0.015 each, and data transfer; 1 target instance at its own price',
    '',
  ]);
  expect(decisionCounts([])).toEqual([]);
});

// What is measured and said of calls: codes are bounded, a refusal is said when it begins or changes, a success once each.
import { expect, test } from 'vitest';
import type { CallAnswer } from '../../../../consumers/mirror/turn/carry-out.ts';
import { MirrorTeller } from '../../../../consumers/mirror/turn/teller.ts';
import type { AuditedPlan } from '../../../../pipeline/mirror-audit/audited-plan.ts';
import { asks, decision, finding, T0 } from '../../../pipeline/mirror-audit/plans.ts';
import { MeasuredMeter } from './measured-meter.ts';

const PLAN: AuditedPlan = {
  ...{ id: 'p', time: 0, mode: 'apply', account: '1', region: 'us-east-1', requests: [], ignored: [] },
  plan: { decisions: [], actions: [] },
  world: null,
  known: { session: () => null, decided: () => null },
};
const deleted = (id: string, code: string | null): CallAnswer => ({
  action: { decision: null, kind: 'delete-session', id },
  at: 0,
  answer: code === null ? { ok: true, value: null } : { ok: false, code, message: 'no' },
});

const opened = () => {
  const meter = new MeasuredMeter();
  const lines: string[] = [];
  const say = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  return { teller: new MirrorTeller(meter, log), meter, lines };
};

test('a refusal warns when it begins, when its code changes, and when it comes back after the call was taken', () => {
  const { teller, lines, meter } = opened();
  for (const code of ['A', 'A', 'B', 'B', null, 'B']) teller.answered(PLAN, [deleted('tms-1', code)]);
  teller.answered(PLAN, [deleted('tms-2', 'B')]);
  expect(lines.map((line) => line.slice(0, 22))).toEqual([
    'warn EC2 refused a cal',
    'warn EC2 refused a cal',
    'info released: a sessi',
    'warn EC2 refused a cal',
    'warn EC2 refused a cal',
  ]);
  expect(lines[2]).toContain('"session":"tms-1"');
  expect(meter.of('mirrorCalls')).toEqual({
    'mirrorCalls delete-session A': 2,
    'mirrorCalls delete-session B': 4,
    'mirrorCalls delete-session OK': 1,
  });
});

test('codes that somebody makes up are one label', () => {
  const { teller, meter } = opened();
  for (let n = 0; n < 200; n += 1) teller.answered(PLAN, [deleted(`tms-${n}`, `Code${n}`)]);
  teller.answered(PLAN, [deleted('tms-x', 'a sentence, not a code')]);
  const labels = Object.keys(meter.of('mirrorCalls'));
  expect(labels).toHaveLength(65);
  expect(meter.values['mirrorCalls delete-session other']).toBe(200 - 64 + 1);
});

test('a finding that is refused warns when it begins and when the reason changes, with what it is and why', () => {
  const { teller, lines } = opened();
  const request = asks(finding('f1', T0));
  const decide = (outcome: 'refuse' | 'create', reason: 'family' | 'no_rule' | 'severity' | 'wanted'): void =>
    teller.decided({
      ...PLAN,
      requests: [{ request, eventId: null }],
      plan: { decisions: [decision(request, { outcome, reason, detail: 'so' })], actions: [] },
    });
  for (const reason of ['family', 'family', 'no_rule'] as const) decide('refuse', reason);
  decide('create', 'wanted');
  decide('refuse', 'no_rule');
  decide('refuse', 'severity');
  expect(lines.map((line) => line.slice(0, 32))).toEqual([
    ...Array.from({ length: 3 }, () => 'warn a finding is not mirrored {'),
    'info a finding is not mirrored: ',
  ]);
  const { finding: f1 } = request;
  expect(JSON.parse(lines[0].slice(31))).toMatchObject({
    ...{ finding: 'f1', type: f1?.type, severity: f1?.severity, instance: 'i-1', reason: 'family' },
    why: 'EC2 cannot mirror instances of this family: so',
  });
});

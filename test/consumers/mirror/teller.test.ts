// What is measured and said of calls: codes are bounded, a refusal is said when it begins or changes, a success once each.
import { expect, test } from 'vitest';
import type { CallAnswer } from '../../../consumers/mirror/carry-out.ts';
import { MirrorTeller } from '../../../consumers/mirror/teller.ts';
import type { AuditedPlan } from '../../../pipeline/mirror-audit/audited-plan.ts';
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

// The audit beside what EC2 has: what is gone, what is not ours, and what of ours the audit does not know.
import { expect, test } from 'vitest';
import { ec2Remarks } from '../../../pipeline/mirror-audit/ec2-remarks.ts';
import {
  type MirroringHistory,
  type MirroringQuestion,
  mirroringAnswer,
} from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { SessionHistories } from '../../../pipeline/mirror-audit/session-histories.ts';
import type { MirrorSession } from '../../../schemas/mirroring/account.ts';
import { ACCOUNT, asks, created, decision, finding, newSession, REGION, rowsOf, session, T0 } from './plans.ts';

const sessions = new SessionHistories();
for (const [minute, id, eni] of [
  [0, 'tms-1', 'eni-1'],
  [1, 'tms-2', 'eni-2'],
] as const) {
  const request = asks(finding(id, T0));
  const rows = rowsOf({
    ...{ minute, requests: [request], decisions: [decision(request, { interface: eni })] },
    actions: [{ kind: 'create-session', decision: 0, session: newSession({ interface: eni }) }],
    answers: [created(id, { interface: eni })],
  });
  for (const row of rows) sessions.add(row);
}
const history: MirroringHistory = { sessions: sessions.all(), unmirrored: [], warnings: [], asOf: 0, watermark: null };
const EVERYTHING: MirroringQuestion = { window: null, finding: null, interface: null, instance: null, state: 'all' };

const remarks = (there: readonly MirrorSession[], asked: Partial<MirroringQuestion> = {}, mode = 'apply') => {
  const question = { ...EVERYTHING, ...asked };
  const observed = [{ mode, account: ACCOUNT, region: REGION, sessions: there }];
  return ec2Remarks(mirroringAnswer(history, question), history, question, observed);
};

const OURS = [session('tms-1'), session('tms-2', { interface: 'eni-2' })];

test('where both agree nothing is said', () => {
  expect(remarks(OURS)).toEqual([]);
  expect(ec2Remarks(mirroringAnswer(history, EVERYTHING), history, EVERYTHING, [])).toEqual([]);
});

test('what EC2 no longer has is named, in the mode and as far as it was asked for', () => {
  const said = 'tms-2 of eni-2 is not in eu-central-1 any more: somebody deleted it, or EC2 did with its interface';
  expect(remarks(OURS.slice(0, 1))).toEqual([said]);
  expect(remarks(OURS.slice(0, 1), { finding: 'tms-2' })).toEqual([said]);
  expect(remarks(OURS.slice(0, 1), { finding: 'tms-1' })).toEqual([]);
  expect(remarks(OURS.slice(0, 1), { state: 'ended' })).toEqual([]);
  expect(remarks([], {}, 'plan')).toEqual([]);
});

test('what is not ours, or not in the audit, is named where all sessions are asked for', () => {
  const there = [...OURS, session('tms-8', { interface: 'eni-8', tags: {} }), session('tms-9', { interface: 'eni-9' })];
  expect(remarks(there)).toEqual([
    'tms-8 of eni-8 to tmt-1 in eu-central-1 is not ours',
    'tms-9 of eni-9 to tmt-1 in eu-central-1 is ours by its tags, and not in the audit',
  ]);
  expect(remarks(there, { interface: 'eni-8' })).toEqual(['tms-8 of eni-8 to tmt-1 in eu-central-1 is not ours']);
  expect(remarks(there, { finding: 'tms-1' })).toEqual([]);
});

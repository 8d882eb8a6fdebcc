// Whose session has the packets of a finding: one of a lower number on its interface, also where it has none of its own.
import { expect, test } from 'vitest';
import { mirroringAnswer } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { mirroringTable } from '../../../pipeline/mirror-audit/mirroring-text.ts';
import { SessionHistories } from '../../../pipeline/mirror-audit/session-histories.ts';
import { UnmirroredDecisions } from '../../../pipeline/mirror-audit/unmirrored.ts';
import { asks, created, decision, done, finding, MINUTE, newSession, rowsOf, session, T0, type Turn } from './plans.ts';

const on = (networkInterface: string, number: number) => ({ interface: networkInterface, number });

/** A session for the finding, made in the minute. */
const made = (minute: number, id: string, of: string, where = on('eni-1', 1)): Turn => {
  const request = asks(finding(of, T0));
  return {
    ...{ minute, requests: [request], decisions: [decision(request, { interface: where.interface })] },
    actions: [{ kind: 'create-session', decision: 0, session: newSession(where) }],
    answers: [created(id, { ...where, virtualNetworkId: 100 + where.number })],
  };
};
const ended = (minute: number, id: string, of: string): Turn => ({
  ...{ minute, decisions: [decision(null, { outcome: 'release', reason: 'expired', session: id })] },
  ...{ actions: [{ kind: 'delete-session', decision: 0, id }], answers: [done] },
  sessions: [session(id, { tags: { 'vpcflow:managed': 'true', 'vpcflow:cause': 'finding', 'vpcflow:finding': of } })],
});
const full = (minute: number, of: string): Turn => {
  const request = asks(finding(of, T0));
  const expires = T0 + 30 * MINUTE;
  const decided = decision(request, { outcome: 'refuse', reason: 'sessions_full', detail: '', expires });
  return { minute, requests: [request], decisions: [decided] };
};

const answerOf = (turns: readonly Turn[], of: string | null) => {
  const [sessions, unmirrored] = [new SessionHistories(), new UnmirroredDecisions()];
  for (const row of turns.flatMap(rowsOf)) {
    sessions.add(row);
    unmirrored.add(row);
  }
  const history = { sessions: sessions.all(), unmirrored: unmirrored.all(), warnings: [], asOf: T0, watermark: null };
  return mirroringAnswer(history, { window: null, finding: of, interface: null, instance: null, state: 'all' });
};
const carriers = (turns: readonly Turn[], of: string) => {
  const answer = answerOf(turns, of);
  const [own] = [...answer.sessions, ...answer.without];
  return [own.carried_by, answer.carriers.map(({ session_id }) => session_id)];
};

test('a second finding on an interface: its packets went to the session of the first one', () => {
  const turns = [made(0, 'tms-1', 'f1'), made(5, 'tms-2', 'f2', on('eni-1', 2))];
  expect(carriers(turns, 'f2')).toEqual(['tms-1', ['tms-1']]);
  expect(carriers(turns, 'f1')).toEqual([null, []]);
  expect(answerOf(turns, null).carriers).toEqual([]);
  expect(answerOf(turns, null).sessions.map((one) => one.carried_by)).toEqual([null, 'tms-1']);
  const table = mirroringTable(answerOf(turns, 'f2'));
  expect(table).toContain(
    'eni-1  carried by tms-1, VNI 101, number 1, to tmt-1, filter tmf-1, 2026-11-20T05:58:10Z to now',
  );
});

test('only as long as both were there, and on the same interface', () => {
  const second = made(5, 'tms-2', 'f2', on('eni-1', 2));
  expect(carriers([made(0, 'tms-1', 'f1'), ended(3, 'tms-1', 'f1'), second], 'f2')).toEqual([null, []]);
  expect(carriers([made(0, 'tms-1', 'f1'), ended(7, 'tms-1', 'f1'), second], 'f2')).toEqual(['tms-1', ['tms-1']]);
  expect(carriers([made(0, 'tms-1', 'f1', on('eni-7', 1)), second], 'f2')).toEqual([null, []]);
});

test('a finding that the interface had no room for: all that were there, also those made in the same plan', () => {
  const turns = [made(0, 'tms-1', 'f1'), made(1, 'tms-2', 'f2', on('eni-1', 2)), full(1, 'f4')];
  const same = made(2, 'tms-3', 'f3', on('eni-1', 3));
  expect(carriers([...turns, same], 'f4')).toEqual(['tms-1 tms-2 tms-3', ['tms-1', 'tms-2', 'tms-3']]);
  const later = made(40, 'tms-9', 'f3', on('eni-1', 3)); // its own would have been over
  expect(carriers([...turns, later], 'f4')).toEqual(['tms-1 tms-2', ['tms-1', 'tms-2']]);
});

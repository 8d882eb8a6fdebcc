// Who asked for packets and has none: as the last plan about them says, whatever order its rows come in.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MirroringQuestion, mirroringAnswer } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { SessionHistories } from '../../../pipeline/mirror-audit/session-histories.ts';
import { UnmirroredDecisions } from '../../../pipeline/mirror-audit/unmirrored.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { IgnoredAbout, IgnoredEvent } from '../../../schemas/mirroring/events.ts';
import {
  ACCOUNT,
  asks,
  created,
  decision,
  finding,
  MINUTE,
  newSession,
  rowsOf,
  session,
  T0,
  type Turn,
} from './plans.ts';

const f1 = asks(finding('f1', T0));
const said = (minute: number, outcome: 'refuse' | 'wait' | 'create' | 'keep', more = {}, request = f1): Turn => ({
  ...{ minute, requests: [request] },
  decisions: [decision(request, { outcome, reason: 'targets_full', detail: '', ...more })],
});

const ofRows = (rows: readonly MirroringRow[]): UnmirroredDecisions => {
  const unmirrored = new UnmirroredDecisions();
  for (const row of rows) unmirrored.add(row);
  return unmirrored;
};
const told = (...turns: readonly Turn[]) =>
  ofRows(turns.flatMap(rowsOf))
    .all()
    .map(({ time, state, row }) => [(time - T0) / MINUTE, state, row.interface_id]);

test('the last plan about a finding says it, also for a later state of it', () => {
  expect(told(said(0, 'refuse'))).toEqual([[0, 'refused', 'eni-1']]);
  expect(told(said(0, 'refuse'), said(1, 'wait', { interface: 'eni-2' }))).toEqual([[1, 'waiting', 'eni-2']]);
  expect(told(said(0, 'wait'), said(1, 'create'))).toEqual([]);
  expect(told(said(0, 'refuse'), said(1, 'create', {}, asks(finding('f1', T0 + 1))))).toEqual([]);
  expect(told(said(0, 'refuse'), said(1, 'create', {}, asks(finding('f2', T0))))).toEqual([[0, 'refused', 'eni-1']]);
});

test('neither that its event came again, nor that a session of it ends, says anything else', () => {
  const again = said(1, 'keep', { reason: 'superseded', interface: null });
  const ends: Turn = {
    minute: 2,
    decisions: [decision(null, { outcome: 'release', reason: 'expired', session: 'tms-1', interface: 'eni-2' })],
    sessions: [session('tms-1', { interface: 'eni-2' })],
  };
  expect(told(said(0, 'refuse'), again, ends)).toEqual([[0, 'refused', 'eni-1']]);
});

const EVERYTHING = { window: null, finding: null, interface: null, instance: null, state: 'all' } as const;
const answerOf = (turns: readonly Turn[], asked: Partial<MirroringQuestion>) => {
  const sessions = new SessionHistories();
  const rows = turns.flatMap(rowsOf);
  for (const row of rows) sessions.add(row);
  const history = { sessions: sessions.all(), unmirrored: ofRows(rows).all(), warnings: [], asOf: T0, watermark: null };
  return mirroringAnswer(history, { ...EVERYTHING, ...asked });
};

test('a finding that asks for nothing is told of where it is asked for, by its id', () => {
  const ignored = (reason: IgnoredEvent, detail: string, about: IgnoredAbout = {}) =>
    ({ kind: 'ignored', id: 'e', at: T0, reason, detail, about }) as const;
  const events = [
    ignored('sample', 'finding f-sample', { finding: 'f-sample', type: 'Recon:EC2/Portscan', account: ACCOUNT }),
    ignored('malformed', 'finding f-bad: no severity', { finding: 'f-bad', instance: 'i-7' }),
    ignored('malformed', 'no JSON'),
    ignored('state', 'i-7 is pending', { instance: 'i-7' }),
  ];
  const ask = (asked: Partial<MirroringQuestion>) =>
    answerOf([{ minute: 0, decisions: [], more: { ignored: events } }], asked).without;
  const sample = { finding_id: 'f-sample', finding_type: 'Recon:EC2/Portscan', account_id: ACCOUNT };
  const why = 'a sample finding of CreateSampleFindings: finding f-sample';
  expect(ask({ finding: 'f-sample' })).toEqual([expect.objectContaining({ ...sample, state: 'ignored', why })]);
  expect(ask({ finding: 'finding' })).toEqual([]);
  expect(ask({ finding: 'f-sample', state: 'active' })).toEqual([]);
  expect(ask({ instance: 'i-7' }).map((one) => one.finding_id)).toEqual(['f-bad']);
  expect(ask({})).toHaveLength(2);
});

test('an archived finding without a session is told of', () => {
  const archived = said(1, 'keep', { reason: 'archived', detail: 'it has no session', interface: null });
  const why = 'the finding is archived: it has no session';
  expect(answerOf([archived], { finding: 'f1' }).without).toMatchObject([{ state: 'ignored', why }]);
  const mirrored: Turn = {
    ...{ minute: 0, requests: [f1], decisions: [decision(f1, {})] },
    ...{ actions: [{ kind: 'create-session', decision: 0, session: newSession() }], answers: [created('tms-1')] },
  };
  expect(answerOf([mirrored, archived], { finding: 'f1' }).without).toEqual([]);
});

test('decisions on launches are told where their place is asked for', () => {
  const launch = { ...f1, key: 'launch/i-1', cause: 'launch', finding: null, instances: ['i-1'] } as const;
  const turns = [said(0, 'refuse', { reason: 'no_rule' }, launch)];
  expect(answerOf(turns, {}).without).toEqual([]);
  expect(answerOf(turns, { instance: 'i-1' }).without).toHaveLength(1);
});

test('the order of the rows, and how often they come, change nothing', () => {
  const rows = [
    ...[said(0, 'refuse'), said(1, 'wait'), said(2, 'refuse', {}, asks(finding('f2', T0)))],
    { ...said(3, 'create'), actions: [{ kind: 'create-session' as const, decision: 0, session: newSession() }] },
    { ...said(4, 'refuse', { interface: 'eni-2' }), answers: [created('tms-1')] },
  ].flatMap((turn) => rowsOf({ ...turn, answers: null }));
  const any = fc
    .subarray(rows)
    .chain((some) =>
      fc
        .tuple(fc.shuffledSubarray(some, { minLength: some.length }), fc.shuffledSubarray(some))
        .map(([a, b]) => ({ some, mixed: [...a, ...b] })),
    );
  fc.assert(
    fc.property(any, ({ some, mixed }) => {
      expect(ofRows(mixed).all()).toEqual(ofRows(some).all());
    }),
  );
});

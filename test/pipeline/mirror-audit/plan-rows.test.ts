// A plan becomes rows: decisions and calls before, answers after, each saying by itself what it is about.
import { describe, expect, test } from 'vitest';
import { EMPTY_ROW, rowsAfter, rowsBefore } from '../../../pipeline/mirror-audit/plan-rows.ts';
import { decodeRequest } from '../../../pipeline/mirror-audit/request-json.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import { asks, created, decision, denied, done, finding, MINUTE, newSession, plan, session, T0 } from './plans.ts';

/** Without what is the same in every row, and what is NULL. */
const told = (row: MirroringRow) =>
  Object.fromEntries(
    Object.entries(row).filter(
      ([name, value]) => value !== null && !['time', 'minute', 'plan', 'mode', 'account_id', 'region'].includes(name),
    ),
  );

const request = asks(finding('f1', T0));
const about = {
  ...{ request: `finding/f1/${T0}`, cause: 'finding', event_id: 'event-1', event_time: T0, finding_id: 'f1' },
  ...{ finding_type: 'UnauthorizedAccess:EC2/SSHBruteForce', finding_severity: 7.5, finding_updated: T0 },
  ...{ remote_addresses: '198.51.100.7 2001:db8::1', instance_id: 'i-1', interface_id: 'eni-1', rule: 'tags[0]' },
  ...{ outcome: 'create', reason: 'wanted', detail: 'the rule tags[0] matches' },
};
const call = { interface_id: 'eni-1', target_id: 'tmt-1', filter_id: 'tmf-1', session_number: 1, packet_length: 256 };

describe('the rows of a plan', () => {
  const audited = plan({
    minute: 3,
    requests: [request],
    decisions: [decision(request, { expires: T0 + 60 * MINUTE })],
    actions: [
      { kind: 'create-session', decision: 0, session: newSession({ tags: { [TAG.expires]: '2026-11-20T06:58:10Z' } }) },
    ],
    more: { ignored: [{ kind: 'ignored', id: 'event-9', at: T0, reason: 'sample', detail: 'finding f9' }] },
  });

  test('say before it what is decided and called, with the time that joins the digests', () => {
    const rows = rowsBefore(audited);
    expect(rows.map(told)).toEqual([
      {
        seq: 0,
        phase: 'decided',
        outcome: 'report',
        reason: 'sample',
        detail: 'finding f9',
        event_id: 'event-9',
        event_time: T0,
      },
      { ...about, seq: 1, phase: 'decided', expires: T0 + 60 * MINUTE, request_json: expect.any(String) },
      {
        ...{ ...about, ...call, seq: 2, phase: 'calling', action: 'create-session', token: 'f'.repeat(64) },
        expires: Date.UTC(2026, 10, 20, 6, 58, 10),
      },
    ]);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(Object.keys(EMPTY_ROW));
      expect(row).toMatchObject({
        plan: 'plan-000003',
        mode: 'apply',
        account_id: '123456789012',
        region: 'eu-central-1',
      });
      expect([row.time, row.minute]).toEqual([T0 + 3 * MINUTE, Date.UTC(2026, 10, 20, 6, 1)]);
    }
  });

  test('say after it what EC2 answered, and what it chose', () => {
    const [made] = rowsAfter(audited, [{ at: T0 + 5 * MINUTE, answer: created('tms-1', { virtualNetworkId: 4711 }) }]);
    expect(told(made)).toMatchObject({
      seq: 3,
      phase: 'answered',
      ok: true,
      session_id: 'tms-1',
      virtual_network_id: 4711,
    });
    expect(made.time).toBe(T0 + 5 * MINUTE);
    const [refused] = rowsAfter(audited, [{ at: T0, answer: denied }]);
    expect(told(refused)).toMatchObject({
      ...about,
      ok: false,
      error_code: 'UnauthorizedOperation',
      error_message: 'not allowed',
    });
    expect(refused.session_id).toBeNull();
    expect(rowsAfter(audited, [])).toEqual([]);
  });
});

test('an ignored event has what it says of itself', () => {
  const about = {
    account: '111122223333',
    region: 'us-east-1',
    instance: 'i-9',
    finding: 'f9',
    type: 'Recon:EC2/Portscan',
  };
  const event = { kind: 'ignored', id: '', at: T0, reason: 'sample', detail: '', about } as const;
  const [row] = rowsBefore(plan({ minute: 0, decisions: [], more: { account: null, region: null, ignored: [event] } }));
  expect(row).toMatchObject({ account_id: '111122223333', region: 'us-east-1', instance_id: 'i-9', request: null });
  expect(row).toMatchObject({ finding_id: 'f9', finding_type: 'Recon:EC2/Portscan', event_id: null });
});

test("a neighbour's row has its own instance, and none where it has none", () => {
  const neighbour = { interface: 'eni-2', bytes: 5n, window: 'a/b', complete: true };
  const asked: MirrorRequest = { ...request, instances: ['i-1'] };
  const decisions = [
    decision(asked, { interface: 'eni-2', instance: null, neighbour }),
    decision(asked, { interface: 'eni-3', instance: 'i-3', neighbour }),
    decision(asked, { interface: null, instance: null }),
  ];
  const rows = rowsBefore(plan({ minute: 0, requests: [asked], decisions }));
  expect(rows.map((row) => row.instance_id)).toEqual([null, 'i-3', 'i-1']);
});

test('a request in a row is read back as it was, with bytes that no double holds', () => {
  const neighbours = [{ interface: 'eni-2', bytes: 2n ** 60n + 1n, window: 'a/b', complete: null }];
  const asked: MirrorRequest = { ...request, neighbours };
  const rows = rowsBefore(plan({ minute: 0, requests: [asked], decisions: [decision(asked, { outcome: 'wait' })] }));
  expect(decodeRequest(rows[0].request_json ?? '')).toEqual(asked);
  expect(decodeRequest((rows[0].request_json ?? '').replace('"cause"', '"later":{},"cause"'))).toEqual(asked);
  for (const damaged of ['', '{', 'null', '{"key":"x"}', (rows[0].request_json ?? '').replace('"at":', '"ta":')])
    expect(decodeRequest(damaged), damaged).toBeNull();
});

test('what nobody asks again keeps no request', () => {
  const decisions = (['refuse', 'keep', 'report'] as const).map((outcome) => decision(request, { outcome }));
  const rows = rowsBefore(plan({ minute: 0, requests: [request], decisions }));
  expect(rows.map((row) => row.request_json)).toEqual([null, null, null]);
});

test('a decision of the reconciler says what its session is, from its tags or from the audit', () => {
  const sessions = [session('tms-1', { tags: { ...session('x').tags, [TAG.expires]: '2026-11-20T06:00:00Z' } })];
  const release = decision(null, {
    outcome: 'release',
    reason: 'expired',
    session: 'tms-1',
    interface: null,
    rule: null,
  });
  const audited = plan({
    minute: 0,
    ...{ decisions: [release], actions: [{ kind: 'delete-session', decision: 0, id: 'tms-1' }], sessions },
    more: { known: { session: () => null, decided: () => ({ updatedAt: 17 }) } },
  });
  const expected = {
    ...{ ...call, session_id: 'tms-1', finding_id: 'f1', finding_updated: 17, cause: 'finding', rule: 'tags[0]' },
    ...{ reason: 'expired', expires: Date.UTC(2026, 10, 20, 6) },
  };
  for (const row of [...rowsBefore(audited), ...rowsAfter(audited, [{ at: T0, answer: done }])])
    expect(told(row)).toMatchObject(expected);
});

test('tags are told by what has them, and a request that was replaced by its key', () => {
  const audited = plan({
    minute: 0,
    decisions: [
      decision(request, { outcome: 'keep', reason: 'superseded', instance: null, interface: null, rule: null }),
    ],
    actions: [
      { kind: 'set-tags', decision: null, id: 'tmt-1', tags: { a: 'b' } },
      { kind: 'remove-tags', decision: null, id: 'i-0a', keys: ['a', 'b'] },
      { kind: 'set-tags', decision: null, id: 'tms-1', tags: { [TAG.expires]: '2026-11-20T06:00:00Z' } },
    ],
  });
  const [first, ...calls] = rowsBefore(audited).map(told);
  expect(first).toMatchObject({ cause: 'finding', finding_id: 'f1', finding_updated: T0, reason: 'superseded' });
  expect(calls).toEqual([
    { seq: 1, phase: 'calling', action: 'set-tags', target_id: 'tmt-1', detail: 'a=b' },
    { seq: 2, phase: 'calling', action: 'remove-tags', instance_id: 'i-0a', detail: 'without a, b' },
    {
      ...{ seq: 3, phase: 'calling', action: 'set-tags', session_id: 'tms-1', expires: Date.UTC(2026, 10, 20, 6) },
      detail: 'vpcflow:expires=2026-11-20T06:00:00Z',
    },
  ]);
});

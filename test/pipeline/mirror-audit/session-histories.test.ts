// The audit's rows become the lives of sessions: who made them, until when they live, and why they ended.
import { describe, expect, test } from 'vitest';
import { SessionHistories } from '../../../pipeline/mirror-audit/session-histories.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import * as make from './plans.ts';
import { asks, decision, done, finding, MINUTE, rowsOf, T0, type Turn } from './plans.ts';
import { create, f1, release, until } from './turns.ts';

describe('the life of a session', () => {
  const histories = (...turns: readonly Turn[]) => {
    const all = new SessionHistories();
    for (const row of turns.flatMap(rowsOf)) all.add(row);
    return all.all();
  };
  const made = create(0, [make.created('tms-1', { virtualNetworkId: 4711 })]);

  test('begins with the answer that made it, and ends with its deletion', () => {
    expect(histories(made)).toEqual([
      {
        ...{ account_id: make.ACCOUNT, region: make.REGION, session_id: 'tms-1', mode: 'apply', cause: 'finding' },
        ...{ finding_id: 'f1', finding_type: 'UnauthorizedAccess:EC2/SSHBruteForce', rule: 'tags[0]' },
        ...{ instance_id: 'i-1', interface_id: 'eni-1', session_number: 1, target_id: 'tmt-1', filter_id: 'tmf-1' },
        ...{ virtual_network_id: 4711, packet_length: 256, started: T0 + 100, expires: until, ended: null },
        ...{ ended_by: null, neighbour: false, why: 'the rule tags[0] matches' },
      },
    ]);
    const [over] = histories(made, release(30, 'expired'));
    expect(over).toMatchObject({ started: T0 + 100, ended: T0 + 30 * MINUTE + 100, ended_by: 'expired' });
    expect(histories(made)[0].ended).toBeNull();
  });

  test('goes on when its finding comes again', () => {
    const later = asks(finding('f1', T0 + 9 * MINUTE));
    const [extended] = histories(made, {
      minute: 10,
      requests: [later],
      decisions: [
        decision(later, { outcome: 'extend', reason: 'extended', session: 'tms-1', expires: until + 9 * MINUTE }),
      ],
      actions: [{ kind: 'set-tags', decision: 0, id: 'tms-1', tags: { [TAG.expires]: '2026-11-20T07:07:10Z' } }],
      answers: [done],
    });
    expect(extended).toMatchObject({ expires: Date.UTC(2026, 10, 20, 7, 7, 10), ended: null });
  });

  test('is known from the call that announced it where the process died before the answer was written', () => {
    const met: Turn = {
      minute: 2,
      requests: [f1],
      decisions: [decision(f1, { outcome: 'keep', reason: 'already', session: 'tms-1' })],
    };
    expect(histories(create(0, null))).toEqual([]);
    const [known] = histories(create(0, null), met);
    expect(known).toMatchObject({
      session_id: 'tms-1',
      started: T0,
      packet_length: 256,
      expires: until,
      filter_id: 'tmf-1',
    });
    expect(histories(met)).toMatchObject([{ session_id: 'tms-1', started: T0 + 2 * MINUTE, filter_id: null }]);
  });

  test('is not that of a session that is not ours', () => {
    const foreign: Turn = {
      minute: 0,
      decisions: [decision(null, { outcome: 'report', reason: 'foreign', session: 'tms-9' })],
    };
    expect(histories(foreign)).toEqual([]);
  });
});

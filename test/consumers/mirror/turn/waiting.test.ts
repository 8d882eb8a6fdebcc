// What waits is asked again each minute; after refusals less and less often, until nothing of it is refused.
import { expect, test } from 'vitest';
import type { CallAnswer } from '../../../../consumers/mirror/turn/carry-out.ts';
import { WaitingRequests } from '../../../../consumers/mirror/turn/waiting.ts';
import { Ledger } from '../../../../pipeline/mirror-audit/ledger.ts';
import { ACCOUNT, asks, decision, finding, MINUTE, REGION, rowsOf, T0 } from '../../../pipeline/mirror-audit/plans.ts';
import { MeasuredMeter } from './measured-meter.ts';

const request = asks(finding('f1', T0));
const waits = decision(request, { outcome: 'wait', reason: 'denied', expires: T0 + 60 * MINUTE });

const waiting = () => {
  const ledger = new Ledger({ mode: 'apply', account: ACCOUNT, region: REGION });
  ledger.add(rowsOf({ minute: 0, requests: [request], decisions: [waits] }));
  return new WaitingRequests({ of: () => ledger });
};
const report = (calls: readonly CallAnswer[]) => ({
  ...{ region: REGION, decisions: [waits], obstacles: [], unread: null },
  calls: calls.map((call) => ({ ...call, request: request.key })),
});
const denied: CallAnswer = {
  action: { kind: 'delete-session', decision: 0, id: 'tms-1' },
  ...{ at: T0, answer: { ok: false, code: 'UnauthorizedOperation', message: '' } },
};

test('a request of which a call was refused is left alone for a minute, then for two', () => {
  const one = waiting();
  const dueAfter = (minutes: number) => one.due(REGION, T0 + minutes * MINUTE).map((asked) => asked.request.key);
  expect(dueAfter(0)).toEqual([request.key]);
  const asked = [{ request, eventId: null }];
  one.asked(report([denied]), asked, T0);
  expect([dueAfter(0.9), dueAfter(1)]).toEqual([[], [request.key]]);
  one.asked(report([denied]), asked, T0 + MINUTE);
  expect([dueAfter(2.9), dueAfter(3)]).toEqual([[], [request.key]]);
  one.asked(report([]), asked, T0 + 3 * MINUTE);
  expect(dueAfter(3)).toEqual([request.key]);
});

test('how many wait, and since when, is measured', () => {
  const meter = new MeasuredMeter();
  waiting().gauge([REGION], T0 + 5 * MINUTE, meter);
  expect(meter.of('mirrorWaiting')).toEqual({ mirrorWaiting: 1, mirrorWaitingSeconds: 300 });
});

// The events of a batch become requests: each key once, and of a finding's states of one time the one that is archived.
import { expect, test } from 'vitest';
import { readMirrorEvent } from '../../../pipeline/mirror-events/event.ts';
import { asFirstTaken, withClocks } from '../../../pipeline/mirror-turn/clock-ahead.ts';
import { requestsOf } from '../../../pipeline/mirror-turn/requests.ts';
import type { MirrorEvent } from '../../../schemas/mirroring/events.ts';
import type { MirrorDecision } from '../../../schemas/mirroring/plan.ts';
import { findingEvent, findingId } from '../../consumers/mirror/bridge-events.ts';
import { rulesOf } from '../../consumers/mirror/turn/work-bed.ts';

const T0 = Date.UTC(2026, 10, 20, 5);
const eventOf = (more: Partial<Parameters<typeof findingEvent>[0]>, arrival = T0): MirrorEvent =>
  readMirrorEvent(Buffer.from(JSON.stringify(findingEvent({ id: 'a', instance: 'i-0', at: T0, ...more }))), arrival);
const asked = (...events: readonly MirrorEvent[]) => requestsOf(events, rulesOf()).requests;

test('the archived one of two states of one time, in either order', () => {
  const [active, archived] = [eventOf({}), eventOf({ archived: true })];
  for (const events of [
    [active, archived],
    [archived, active],
  ]) {
    const requests = asked(...events);
    expect(requests.map(({ request, eventId }) => [request.finding?.archived, eventId])).toEqual([[true, archived.id]]);
  }
  expect(asked(active, active)).toHaveLength(1);
});

test('a finding that was updated after it arrived counts from its arrival, and is the same one by what it says', () => {
  const later = T0 + 86_400_000;
  const [first, again] = [eventOf({ updatedAt: later }), eventOf({ updatedAt: later }, T0 + 60_000)];
  const [{ request }] = asked(first, again);
  expect(request.key).toBe(`finding/${findingId('a')}/${later}`);
  expect(request.finding).toMatchObject({ updatedAt: T0, claimed: later });
  expect(eventOf({ updatedAt: T0 })).not.toHaveProperty('finding.claimed');
  const known = (key: string): number | null => (key === request.key ? T0 : null);
  expect(asFirstTaken(asked(again), known)).toMatchObject([{ request: { finding: { updatedAt: T0 } } }]);
  expect(asFirstTaken(asked(again), () => null)).toEqual(asked(again));
});

test('that a clock is ahead stands in the decisions about the finding', () => {
  const [{ request }] = asked(eventOf({ updatedAt: T0 + 1000 }));
  const decision: MirrorDecision = {
    ...{ request: request.key, outcome: 'refuse', reason: 'no_rule', detail: '', instance: null, interface: null },
    ...{ rule: null, session: null, target: null, expires: null, neighbour: null },
  };
  const other = { ...decision, request: null };
  const note = 'updatedAt is 2026-11-20T05:00:01Z, after it arrived: taken as 2026-11-20T05:00:00Z';
  expect(withClocks({ decisions: [decision, other], actions: [] }, [request])).toEqual({
    decisions: [{ ...decision, detail: note }, other],
    actions: [],
  });
});

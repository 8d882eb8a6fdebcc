// Turns of a worker on the finding `f1`, and what each leaves in the audit: it waits, is mirrored, refused, released.
import { asks, decision, done, finding, MINUTE, newSession, session, T0, type Turn } from './plans.ts';

export const f1 = asks(finding('f1', T0));
export const until = T0 + 60 * MINUTE;
export const create = (minute: number, answer: Turn['answers'], request = f1): Turn => ({
  minute,
  requests: [request],
  decisions: [decision(request, { expires: until })],
  actions: [{ kind: 'create-session', decision: 0, session: newSession() }],
  answers: answer ?? null,
});
export const wait = (minute: number, more = {}, request = f1): Turn => ({
  ...{ minute, requests: [request] },
  decisions: [decision(request, { outcome: 'wait', reason: 'target_starting', expires: until, ...more })],
});
export const refuse = (minute: number, reason: 'no_rule' | 'superseded' = 'no_rule', request = f1): Turn => ({
  ...{ minute, requests: [request] },
  decisions: [decision(request, { outcome: reason === 'superseded' ? 'keep' : 'refuse', reason })],
});
export const release = (
  minute: number,
  reason: 'asked' | 'expired' | 'archived',
  answer: Turn['answers'] = [done],
): Turn => ({
  minute,
  decisions: [decision(null, { outcome: 'release', reason, session: 'tms-1' })],
  actions: [{ kind: 'delete-session', decision: 0, id: 'tms-1' }],
  answers: answer ?? null,
  sessions: [session('tms-1')],
  more: { known: { session: () => null, decided: () => ({ updatedAt: T0 }) } },
});

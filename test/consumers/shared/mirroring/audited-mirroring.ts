// Puts the audit of a small story into a store: a finding with a session, one that was refused, and one that waits.
import { putAudit } from '../../../../consumers/shared/mirroring/audit-files.ts';
import { rowsAfter, rowsBefore } from '../../../../pipeline/mirror-audit/plan-rows.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import {
  asks,
  created,
  decision,
  done,
  finding,
  MINUTE,
  newSession,
  plan,
  session,
  T0,
  type Turn,
} from '../../../pipeline/mirror-audit/plans.ts';

/** Writes both objects of a turn. */
export async function putTurn(store: ObjectStore, turn: Turn): Promise<void> {
  const audited = plan(turn);
  const { id, time } = audited;
  await putAudit(store, { time, plan: id, half: 'before' }, rowsBefore(audited));
  const answers = (turn.answers ?? []).map((answer, i) => ({ at: time + 100 * (i + 1), answer }));
  await putAudit(store, { time, plan: id, half: 'after' }, rowsAfter(audited, answers));
}

const EXPIRES = T0 + 30 * MINUTE;
const mirrored = asks(finding('f-mirrored', T0));
const refused = asks(finding('f-refused', T0, { type: 'Recon:EC2/Portscan', instances: ['i-2'] }));
const waits = asks(finding('f-waits', T0, { instances: ['i-3'] }));

/** Plan, made: at T0; its session ended after half an hour. */
export const MADE: Turn = {
  minute: 0,
  requests: [mirrored, refused, waits],
  decisions: [
    decision(mirrored, { expires: EXPIRES }),
    decision(refused, {
      outcome: 'refuse',
      reason: 'sessions_full',
      detail: 'eni-2 has 3',
      instance: 'i-2',
      interface: 'eni-2',
    }),
    decision(waits, {
      outcome: 'wait',
      reason: 'target_starting',
      detail: 'i-9 is pending',
      instance: 'i-3',
      interface: null,
    }),
  ],
  actions: [{ kind: 'create-session', decision: 0, session: newSession() }],
  answers: [created('tms-1', { virtualNetworkId: 4711 })],
};

export const ENDED: Turn = {
  minute: 30,
  decisions: [
    decision(null, { outcome: 'release', reason: 'expired', detail: '', session: 'tms-1', interface: 'eni-1' }),
  ],
  actions: [{ kind: 'delete-session', decision: 0, id: 'tms-1' }],
  answers: [done],
  sessions: [session('tms-1')],
};

/** A session of a launch, two days before. */
export const LAUNCHED: Turn = {
  minute: -2880,
  requests: [{ ...mirrored, key: 'launch/i-8', cause: 'launch', finding: null, instances: ['i-8'] }],
  decisions: [
    decision(
      { ...mirrored, key: 'launch/i-8' },
      { instance: 'i-8', interface: 'eni-8', detail: 'the rule vpcs[0] matches' },
    ),
  ],
  actions: [{ kind: 'create-session', decision: 0, session: newSession({ interface: 'eni-8' }) }],
  answers: [created('tms-8', { interface: 'eni-8' })],
  more: { id: 'plan-launch' },
};

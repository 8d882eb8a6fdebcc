// Makes what the tests of the audit need: findings, requests, decisions, sessions, and plans with their rows.
import type { AnsweredCall, AuditedPlan } from '../../../pipeline/mirror-audit/audited-plan.ts';
import { rowsAfter, rowsBefore } from '../../../pipeline/mirror-audit/plan-rows.ts';
import { type MirrorSession, type NewSession, TAG } from '../../../schemas/mirroring/account.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { Finding } from '../../../schemas/mirroring/events.ts';
import type { MirrorAction, MirrorDecision, MirrorRequest } from '../../../schemas/mirroring/plan.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';
export const T0 = Date.UTC(2026, 10, 20, 5, 58, 10, 250);
export const MINUTE = 60_000;

export const finding = (id: string, updatedAt: number, more: Partial<Finding> = {}): Finding => ({
  ...{ id, type: 'UnauthorizedAccess:EC2/SSHBruteForce', severity: 7.5, title: 'brute force', account: ACCOUNT },
  ...{ region: REGION, updatedAt, archived: false, instances: ['i-1'], interfaces: [] },
  ...{ localAddresses: ['10.0.0.5'], localInterfaces: [], remoteAddresses: ['198.51.100.7', '2001:db8::1'] },
  ...more,
});

export const asks = (one: Finding, at = one.updatedAt): MirrorRequest => ({
  ...{ key: `finding/${one.id}/${one.updatedAt}`, cause: 'finding', account: ACCOUNT, region: REGION },
  ...{ instances: [], finding: one, at, neighbours: [] },
});

export const decision = (request: MirrorRequest | null, more: Partial<MirrorDecision>): MirrorDecision => ({
  ...{ request: request?.key ?? null, outcome: 'create', reason: 'wanted', detail: 'the rule tags[0] matches' },
  ...{ instance: 'i-1', interface: 'eni-1', rule: 'tags[0]', session: null, target: null, expires: null },
  ...{ neighbour: null, ...more },
});

export const newSession = (more: Partial<NewSession> = {}): NewSession => ({
  ...{ interface: 'eni-1', target: 'tmt-1', filter: 'tmf-1', number: 1, virtualNetworkId: null, packetLength: 256 },
  ...{ description: '', tags: {}, token: 'f'.repeat(64), ...more },
});

export const session = (id: string, more: Partial<MirrorSession> = {}): MirrorSession => ({
  ...{ id, interface: 'eni-1', target: 'tmt-1', filter: 'tmf-1', number: 1, virtualNetworkId: 7, packetLength: 256 },
  ...{ tags: { [TAG.managed]: 'true', [TAG.cause]: 'finding', [TAG.finding]: 'f1', [TAG.rule]: 'tags[0]' }, ...more },
});

export const created = (id: string, more: Partial<MirrorSession> = {}): AnsweredCall['answer'] => ({
  ok: true,
  value: session(id, more),
});
export const done: AnsweredCall['answer'] = { ok: true, value: null };
export const denied: AnsweredCall['answer'] = { ok: false, code: 'UnauthorizedOperation', message: 'not allowed' };

export interface Turn {
  readonly minute: number; // after T0
  readonly requests?: readonly MirrorRequest[];
  readonly decisions: readonly MirrorDecision[];
  readonly actions?: readonly MirrorAction[];
  /** Null: the process died before it could write them. */
  readonly answers?: readonly AnsweredCall['answer'][] | null;
  readonly sessions?: readonly MirrorSession[];
  readonly more?: Partial<AuditedPlan>;
}

export const plan = ({ minute, requests = [], decisions, actions = [], sessions = [], more }: Turn): AuditedPlan => ({
  ...{ id: `plan-${String(minute).padStart(6, '0')}`, time: T0 + minute * MINUTE, mode: 'apply' },
  ...{ account: ACCOUNT, region: REGION, ignored: [], plan: { decisions, actions } },
  requests: requests.map((request) => ({ request, eventId: 'event-1' })),
  world: { instances: new Map(), interfaces: new Map(), sessions },
  known: { session: () => null, decided: () => null },
  ...more,
});

/** The rows of both objects of a turn. */
export const rowsOf = (turn: Turn): readonly MirroringRow[] => {
  const audited = plan(turn);
  const answers = (turn.answers ?? []).map((answer, i) => ({ at: audited.time + 100 * (i + 1), answer }));
  return [...rowsBefore(audited), ...rowsAfter(audited, answers)];
};

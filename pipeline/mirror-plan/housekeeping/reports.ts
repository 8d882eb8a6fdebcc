// Turns what we do not touch into what is said about it: sessions of others, unreadable ones, and those that vanished.
import type { MirrorSession } from '../../../schemas/mirroring/account.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { SessionHistory } from '../../../schemas/mirroring/audit-row.ts';
import type { MirrorDecision, MirrorWorld } from '../../../schemas/mirroring/plan.ts';
import { Draft } from '../draft.ts';
import { READ_LAG } from '../limits.ts';
import { isOurs } from '../owned.ts';
import { isUnreadable } from './ended-sessions.ts';

/** A session that we made and that the audit does not know as ended. */
export type MadeSession = Pick<
  SessionHistory,
  'session_id' | 'interface_id' | 'instance_id' | 'rule' | 'target_id' | 'started' | 'expires'
>;

/** Sessions that we made and that are not there, without a release of ours: said once, the audit ends them. */
export function goneSessions(draft: Draft, made: readonly MadeSession[]): void {
  const there = new Set(draft.world.sessions.map(({ id }) => id));
  const gone = made.filter((one) => !there.has(one.session_id) && one.started + READ_LAG <= draft.world.now);
  for (const one of gone.toSorted((a, b) => (a.session_id < b.session_id ? -1 : 1))) {
    const source = draft.interface(one.interface_id);
    draft.decide({
      ...{ outcome: 'report', reason: 'gone', session: one.session_id, interface: one.interface_id },
      detail: source === null ? `${one.interface_id} is not there any more` : `${one.interface_id} is still there`,
      ...{ instance: one.instance_id, rule: one.rule, target: one.target_id, expires: one.expires },
    });
  }
}

const numbered = ({ number, target }: MirrorSession): string => `number ${number}, to ${target}`;

/** Sessions of others, and of ours those whose end nobody knows; by id. */
export function foreignReports(world: MirrorWorld): readonly MirrorDecision[] {
  const draft = new Draft(world, []);
  for (const session of world.sessions.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const ours = isOurs(session);
    if (ours && !isUnreadable(session)) continue;
    const tag = session.tags[TAG.expires];
    const unreadable = tag === undefined ? 'it has no such tag' : `it is ${JSON.stringify(tag)}`;
    draft.decide({
      ...{ outcome: 'report', reason: ours ? 'unreadable' : 'foreign' },
      ...{ detail: ours ? unreadable : numbered(session), session: session.id, interface: session.interface },
      ...{ target: session.target, instance: draft.interface(session.interface)?.instance ?? null },
      rule: ours ? (session.tags[TAG.rule] ?? null) : null,
    });
  }
  return draft.plan().decisions;
}

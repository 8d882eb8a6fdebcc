// Turns "release these sessions" into a plan: those that are ours end, those that are not are named and left alone.
import { type MirrorSession, TAG } from '../../schemas/mirroring/account.ts';
import type { MirrorAction, MirrorDecision, MirrorPlan } from '../../schemas/mirroring/plan.ts';

/** Which sessions: those with the ids, or, without ids, all of ours that are of the finding and on the interface. */
export interface ReleaseQuestion {
  readonly ids: readonly string[];
  /** Null: of any, or none. */
  readonly finding: string | null;
  readonly interface: string | null;
}

const isOurs = ({ tags }: MirrorSession): boolean => tags[TAG.managed] === 'true';

const isAsked = (session: MirrorSession, { ids, finding, interface: source }: ReleaseQuestion): boolean => {
  if (ids.length > 0) return ids.includes(session.id);
  if (!isOurs(session)) return false;
  return (
    (finding === null || session.tags[TAG.finding] === finding) && (source === null || session.interface === source)
  );
};

const decided = (session: MirrorSession): MirrorDecision => {
  const { id, tags } = session;
  const expires = Date.parse(tags[TAG.expires] ?? '');
  const verdict = isOurs(session)
    ? ({ outcome: 'release', reason: 'asked', detail: `${id} was asked to be released` } as const)
    : ({ outcome: 'report', reason: 'foreign', detail: `${id} was asked to be released, and is not ours` } as const);
  return {
    ...{ request: null, ...verdict, instance: null, interface: session.interface, rule: tags[TAG.rule] ?? null },
    ...{ session: id, target: session.target, expires: Number.isNaN(expires) ? null : expires, neighbour: null },
  };
};

/** `sessions` of one region, of everybody. Decisions are ordered by session id; one that is not ours has no action. */
export function releasePlan(sessions: readonly MirrorSession[], question: ReleaseQuestion): MirrorPlan {
  const asked = sessions.filter((session) => isAsked(session, question)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const decisions = asked.map(decided);
  const actions = asked.flatMap((session, decision): MirrorAction[] =>
    isOurs(session) ? [{ decision, kind: 'delete-session', id: session.id }] : [],
  );
  return { decisions, actions };
}

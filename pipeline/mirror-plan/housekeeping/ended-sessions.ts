// Turns our sessions into those that are over: expired, of archived findings, of instances that ended, and duplicates.
import type { MirrorSession } from '../../../schemas/mirroring/account.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { MirrorMemory } from '../../../schemas/mirroring/plan.ts';
import { deadTarget } from '../dead-targets.ts';
import type { Draft } from '../draft.ts';
import { isOurs } from '../owned.ts';
import { purposeOf, purposeOn, taggedPurpose } from '../purpose.ts';
import { readTagTime, tagTime } from '../tag-time.ts';
import { refusedCall } from '../targets/target-instances.ts';
import type { Verdict } from '../wanted.ts';

const release = (reason: Verdict['reason'], detail: string): Verdict => ({ outcome: 'release', reason, detail });

const aboutOf = (draft: Draft, session: MirrorSession) => ({
  ...{ session: session.id, interface: session.interface, target: session.target },
  instance: draft.interface(session.interface)?.instance ?? null,
  rule: session.tags[TAG.rule] ?? null,
  expires: readTagTime(session.tags[TAG.expires]),
});

/** Decides to release it; a call that EC2 has refused in this turn is not made again. */
export function releaseSession(draft: Draft, session: MirrorSession, verdict: Verdict): void {
  const refused = refusedCall(draft, session.id);
  const decision = draft.decide({ ...(refused ?? verdict), ...aboutOf(draft, session) });
  if (refused === null) draft.act(decision, { kind: 'delete-session', id: session.id });
}

/** Of a finding's session whose tag cannot be read: nobody knows when it is over. */
export const isUnreadable = ({ tags }: MirrorSession): boolean =>
  taggedPurpose(tags) !== purposeOf(null) && readTagTime(tags[TAG.expires]) === null;

const byNumber = (a: MirrorSession, b: MirrorSession): number => a.number - b.number || (a.id < b.id ? -1 : 1);

/** Our sessions that can be read, those for the same purpose on the same interface together. */
function groups(draft: Draft): readonly (readonly MirrorSession[])[] {
  const ours = draft.world.sessions.filter((one) => isOurs(one) && !draft.isGone(one.id));
  const known = ours.filter((one) => taggedPurpose(one.tags) !== null && !isUnreadable(one)).toSorted(byNumber);
  const grouped = Map.groupBy(known, (one) => purposeOn(one.interface, taggedPurpose(one.tags)));
  return [...grouped.keys()].sort().map((key) => grouped.get(key) ?? []);
}

/** Why all sessions of a group are over; null: they are not. */
function overFor(draft: Draft, memory: Pick<MirrorMemory, 'decided'>, group: readonly MirrorSession[]): Verdict | null {
  const [first] = group;
  const finding = first.tags[TAG.finding];
  if (finding !== undefined) {
    const until = Math.max(...group.map(({ tags }) => readTagTime(tags[TAG.expires]) ?? 0));
    if (until <= draft.world.now) return release('expired', `at ${tagTime(until)}`);
    if (memory.decided(finding)?.archived === true) return release('archived', finding);
  }
  const host = draft.interface(first.interface);
  if (host === null) return null; // EC2 deletes the session of an interface that is deleted
  if (host.instance === null) return finding === undefined ? release('not_running', `${host.id} is detached`) : null;
  const state = draft.instance(host.instance)?.state;
  const isOver = state === 'terminated' || state === 'shutting-down' || (state === 'stopped' && finding === undefined);
  return isOver ? release('not_running', `${host.instance} is ${state}`) : null;
}

/** The one with the lowest number stays, as long as the longest-lived of them. */
function dropDuplicates(draft: Draft, [kept, ...others]: readonly MirrorSession[]): void {
  if (others.length === 0) return;
  const until = readTagTime(kept.tags[TAG.expires]);
  const longest = Math.max(until ?? 0, ...others.map(({ tags }) => readTagTime(tags[TAG.expires]) ?? 0));
  if (until !== null && longest > until) {
    const refused = refusedCall(draft, kept.id);
    const extended: Verdict = { outcome: 'extend', reason: 'duplicate', detail: `until ${tagTime(longest)}` };
    const decision = draft.decide({ ...(refused ?? extended), ...aboutOf(draft, kept), expires: longest });
    if (refused !== null) return; // else the longer life would be lost with the other
    draft.act(decision, { kind: 'set-tags', id: kept.id, tags: { [TAG.expires]: tagTime(longest) } });
    return; // the others go once the tag is there
  }
  for (const other of others) releaseSession(draft, other, release('duplicate', `${kept.id} stays`));
}

/** Those whose target takes packets; the others are released: what asked for them is asked again while it lives. */
const dropDead = (draft: Draft, group: readonly MirrorSession[]): readonly MirrorSession[] =>
  group.filter((session) => {
    const dead = deadTarget(draft, session.target);
    if (dead !== null) releaseSession(draft, session, release('target_gone', dead));
    return dead === null;
  });

/** Decides on every session of ours that is over; says nothing of the others. */
export function endSessions(draft: Draft, memory: Pick<MirrorMemory, 'decided'>): void {
  for (const group of groups(draft)) {
    const over = overFor(draft, memory, group);
    if (over === null) dropDuplicates(draft, dropDead(draft, group));
    else for (const session of group) releaseSession(draft, session, over);
  }
}

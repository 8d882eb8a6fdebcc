// Turns targets of ours without a session into their deletion: first a tag that says since when, later the call.
//
//   used ──no session──> tagged empty-since ──grace──> instance tagged, target deleted ──> (tidy-hosts.ts) terminated
//     ^──────a session──────────┘ (the tags go)
import type { MirrorInstance, MirrorTarget } from '../../../schemas/mirroring/account.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { AnyAction, Draft } from '../draft.ts';
import { isOurs } from '../owned.ts';
import { readTagTime, tagTime } from '../tag-time.ts';
import type { Verdict } from '../wanted.ts';
import { refusedCall } from './target-instances.ts';

/** Its host, where we made it and EC2 still has it. */
function ownHost(draft: Draft, target: MirrorTarget): MirrorInstance | null {
  const id = target.interface === null ? null : (draft.interface(target.interface)?.instance ?? null);
  const host = id === null ? undefined : draft.world.managedInstances.find((one) => one.id === id);
  return host !== undefined && isOurs(host) && host.state !== 'terminated' ? host : null;
}

/** A decision and its calls, unless EC2 refused the first of them in this turn. */
export function decideCalls(
  draft: Draft,
  verdict: Verdict,
  about: { readonly target?: string | null; readonly instance: string | null; readonly rule: string | null },
  calls: readonly AnyAction[],
): void {
  const ids = calls.flatMap((call) => ('id' in call ? [call.id] : []));
  const refused = ids.map((id) => refusedCall(draft, id)).find((one) => one !== null) ?? null;
  const decision = draft.decide({ ...(refused ?? verdict), ...about });
  if (refused === null) for (const call of calls) draft.act(decision, call);
}

const wholeSecond = (ms: number): number => Math.ceil(ms / 1000) * 1000;

function tidyTarget(draft: Draft, target: MirrorTarget, grace: number): void {
  const { now } = draft.world;
  const host = ownHost(draft, target);
  const about = { target: target.id, instance: host?.id ?? null, rule: target.tags[TAG.rule] ?? null };
  const keys = [TAG.emptySince];
  const tagged = [target, ...(host === null ? [] : [host])].filter(({ tags }) => tags[TAG.emptySince] !== undefined);

  // As it was read: a release that EC2 refuses leaves the target in use.
  if (draft.world.sessions.some((session) => session.target === target.id && !draft.isGone(session.id))) {
    if (tagged.length === 0) return;
    const used: Verdict = { outcome: 'keep', reason: 'already', detail: `${target.id} has sessions again` };
    const calls = tagged.map(({ id }): AnyAction => ({ kind: 'remove-tags', id, keys }));
    decideCalls(draft, used, about, calls);
    return;
  }

  const since = readTagTime(target.tags[TAG.emptySince]);
  if (since === null) {
    const until = `it is deleted ${Math.round(grace / 60_000)} min after it was empty`;
    const tags = { [TAG.emptySince]: tagTime(wholeSecond(now)) };
    const empty: Verdict = { outcome: 'keep', reason: 'empty', detail: `${target.id} has no session: ${until}` };
    decideCalls(draft, empty, about, [{ kind: 'set-tags', id: target.id, tags }]);
    return;
  }
  if (since + grace > now) return;
  // The host is marked before its target goes: it was used, and is no longer to be.
  const mark = host === null || host.tags[TAG.emptySince] !== undefined ? [] : [host.id];
  decideCalls(draft, { outcome: 'release', reason: 'empty', detail: `since ${tagTime(since)}` }, about, [
    ...mark.map((id): AnyAction => ({ kind: 'set-tags', id, tags: { [TAG.emptySince]: tagTime(since) } })),
    { kind: 'delete-target', id: target.id },
  ]);
}

/** Every target of ours, by id. */
export function tidyTargets(draft: Draft, grace: number): void {
  const ours = [...draft.targets.values()].filter(isOurs).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  for (const target of ours) tidyTarget(draft, target, grace);
}

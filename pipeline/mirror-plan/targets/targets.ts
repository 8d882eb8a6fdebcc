// Turns a rule and a source interface into the target that takes one more source, or what has to happen before.
import type { MirrorInterface, MirrorTarget } from '../../../schemas/mirroring/account.ts';
import type { MirrorRule } from '../../../schemas/mirroring/rules.ts';
import { deadTarget } from '../dead-targets.ts';
import type { Draft } from '../draft.ts';
import { refuse, type Verdict } from '../wanted.ts';
import { sourcesOfTarget } from './target-sizes.ts';

export type TargetChoice = { readonly target: string; readonly detail: string } | { readonly verdict: Verdict };

const zoneOf = (draft: Draft, { interface: id }: MirrorTarget): string | null =>
  id === null ? null : (draft.interface(id)?.zone ?? null);

/** How many sources the target takes; a load balancer or an endpoint takes any number. */
function room(draft: Draft, target: MirrorTarget): number {
  if (target.kind !== 'network-interface') return Infinity;
  const host = target.interface === null ? null : (draft.interface(target.interface)?.instance ?? null);
  return sourcesOfTarget(host === null ? null : (draft.instance(host)?.type ?? null));
}

const sourcesOf = (draft: Draft, { id }: MirrorTarget): ReadonlySet<string> =>
  new Set([...draft.sessionsTo(id)].map((session) => session.interface));

/** Several sessions of one interface are one source. */
export function isFullTarget(draft: Draft, target: MirrorTarget): boolean {
  const most = room(draft, target);
  return most !== Infinity && sourcesOf(draft, target).size >= most;
}

/** Whether it has this source already, or takes one more. */
const hasRoom = (draft: Draft, target: MirrorTarget, source: string): boolean =>
  draft.meets('target-full', target.id) === null &&
  (!isFullTarget(draft, target) || sourcesOf(draft, target).has(source));

/** The first with room: those in the source's zone before others, then in the order given. */
export function firstWithRoom(
  draft: Draft,
  targets: readonly MirrorTarget[],
  source: MirrorInterface,
): MirrorTarget | null {
  const isFar = (target: MirrorTarget): number => (zoneOf(draft, target) === source.zone ? 0 : 1);
  const ordered = targets.toSorted((a, b) => isFar(a) - isFar(b)); // stable
  return ordered.find((target) => hasRoom(draft, target, source.id)) ?? null;
}

/** What a person should know of a target: that packets cross zones. */
function crossing(draft: Draft, target: MirrorTarget, source: MirrorInterface): string {
  const zone = zoneOf(draft, target);
  return zone === null || zone === source.zone ? '' : `${target.id} is in ${zone}, the source in ${source.zone}`;
}

/** Of a rule that names its targets. */
export function namedTarget(
  draft: Draft,
  rule: MirrorRule,
  ids: readonly string[],
  source: MirrorInterface,
): TargetChoice {
  const known = ids.map((id) => draft.targets.get(id)).filter((target) => target !== undefined);
  if (known.length === 0) return { verdict: refuse('target_missing', `${rule.name} names ${ids.join(', ')}`) };
  const dead = known.map(({ id }) => deadTarget(draft, id));
  const alive = known.filter((_, i) => dead[i] === null);
  if (alive.length === 0) return { verdict: refuse('target_missing', dead.join('; ')) };
  const target = firstWithRoom(draft, alive, source);
  if (target !== null) return { target: target.id, detail: crossing(draft, target, source) };
  const counts = alive.map((target) => `${target.id} ${sourcesOf(draft, target).size}`);
  return { verdict: refuse('targets_full', `sources: ${counts.join(', ')}`) };
}

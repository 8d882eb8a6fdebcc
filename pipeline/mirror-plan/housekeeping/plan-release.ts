// Turns what a person wants gone into the sessions of ours that are deleted, and why others are not.
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { MirrorObstacle, MirrorPlan, MirrorRequest, MirrorWorld } from '../../../schemas/mirroring/plan.ts';
import { Draft } from '../draft.ts';
import { isOurs } from '../owned.ts';
import { releaseSession } from './ended-sessions.ts';

export type Released =
  | { readonly by: 'session'; readonly ids: readonly string[] }
  | { readonly by: 'finding'; readonly finding: string }
  | { readonly by: 'all' };

export interface ReleaseInput {
  readonly world: MirrorWorld;
  readonly what: Released;
  /** Of the region. */
  readonly waiting: readonly MirrorRequest[];
  readonly obstacles: readonly MirrorObstacle[];
}

/**
 * Sessions of ours only, by id. An id of somebody else's session is refused (`foreign`), one that is not there is kept
 * as it is (`gone`). Who asks for a finding, or for all, also ends what waits of it (`released`).
 */
export function planRelease({ world, what, waiting, obstacles }: ReleaseInput): MirrorPlan {
  const draft = new Draft(world, obstacles);
  const there = world.sessions.filter(({ id }) => !draft.isGone(id));
  const ids = what.by === 'session' ? [...new Set(what.ids)].sort() : [];
  for (const id of ids) {
    const session = there.find((one) => one.id === id);
    if (session === undefined) {
      draft.decide({ outcome: 'keep', reason: 'gone', detail: `there is no session ${id}`, session: id });
    } else if (!isOurs(session)) {
      const detail = `${id} has no tag ${TAG.managed}=true`;
      draft.decide({ outcome: 'refuse', reason: 'foreign', detail, session: id, interface: session.interface });
    }
  }
  const wanted = (session: (typeof there)[number]): boolean =>
    what.by === 'all' ||
    (what.by === 'finding' ? session.tags[TAG.finding] === what.finding : ids.includes(session.id));
  const asked = { outcome: 'release', reason: 'asked', detail: '' } as const;
  const released = there.filter((session) => isOurs(session) && wanted(session));
  for (const session of released.toSorted((a, b) => (a.id < b.id ? -1 : 1))) releaseSession(draft, session, asked);
  for (const request of waitingFor(what, waiting)) endRequest(draft, request);
  return draft.plan();
}

/** The requests that wait and that are meant. */
export const waitingFor = (what: Released, waiting: readonly MirrorRequest[]): readonly MirrorRequest[] =>
  waiting.filter(({ finding }) => what.by === 'all' || (what.by === 'finding' && finding?.id === what.finding));

const ASKED_FOR = 'somebody asked for it while it waited';

/** A finding with all its interfaces; an instance with those that it has, as the event is about no other. */
function endRequest(draft: Draft, { key, finding, instances }: MirrorRequest): void {
  const instance = instances.length === 1 ? instances[0] : null;
  const had = instance === null || finding !== null ? [] : (draft.instance(instance)?.interfaces ?? []);
  const verdict = { outcome: 'refuse', reason: 'released', detail: ASKED_FOR } as const;
  if (had.length === 0) draft.decide({ ...verdict, request: key, instance });
  for (const one of had) draft.decide({ ...verdict, request: key, instance, interface: one.id });
}

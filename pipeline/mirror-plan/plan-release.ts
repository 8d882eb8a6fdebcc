// Turns what a person wants gone into the sessions of ours that are deleted, and why others are not.
import { TAG } from '../../schemas/mirroring/account.ts';
import type { MirrorObstacle, MirrorPlan, MirrorWorld } from '../../schemas/mirroring/plan.ts';
import { Draft } from './draft.ts';
import { releaseSession } from './ended-sessions.ts';
import { isOurs } from './owned.ts';

export type Released =
  | { readonly by: 'session'; readonly ids: readonly string[] }
  | { readonly by: 'finding'; readonly finding: string }
  | { readonly by: 'all' };

export interface ReleaseInput {
  readonly world: MirrorWorld;
  readonly what: Released;
  readonly obstacles: readonly MirrorObstacle[];
}

/**
 * Sessions of ours only, by id. An id of somebody else's session is refused (`foreign`), one that is not there is kept
 * as it is (`gone`).
 */
export function planRelease({ world, what, obstacles }: ReleaseInput): MirrorPlan {
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
  return draft.plan();
}

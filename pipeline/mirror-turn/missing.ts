// Turns sessions that we made and that a look at the region did not find into those that are surely gone: missed twice.
import type { MirrorWorld } from '../../schemas/mirroring/plan.ts';
import type { MadeSession } from '../mirror-plan/housekeeping/reports.ts';

/** Another process may just be deleting it for a reason of its own, of which the audit will say so shortly. */
const CONFIRMED_AFTER = 30_000; // ms

/** Of one region. */
export class MissingSessions {
  #since = new Map<string, number>(); // Unix ms of the first look that missed it

  /** Those of `made` that are there, and those that were missed by an earlier look, too. */
  confirmed(
    made: readonly MadeSession[],
    { sessions, now }: Pick<MirrorWorld, 'sessions' | 'now'>,
  ): readonly MadeSession[] {
    const there = new Set(sessions.map(({ id }) => id));
    const missing = made.filter((one) => !there.has(one.session_id));
    const since = new Map(missing.map(({ session_id }) => [session_id, this.#since.get(session_id) ?? now]));
    this.#since = since;
    return made.filter(({ session_id }) => {
      const first = since.get(session_id);
      return first === undefined || first + CONFIRMED_AFTER <= now || first > now;
    });
  }
}

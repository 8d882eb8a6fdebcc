// Turns what EC2 refuses the housekeeping again and again into what its next plans go around, ever longer.
import type { MirrorObstacle } from '../../schemas/mirroring/plan.ts';
import { Backoff } from './backoff.ts';

/** Nothing is remembered longer than the longest pause, twice over. */
const REMEMBERED = 60 * 60_000; // ms

/** Of one region: calls that nobody asks for, such as the deletion of a session that expired, and that are denied. */
export class RefusedCalls {
  readonly #met = new Map<string, { readonly at: number; readonly obstacle: MirrorObstacle }>(); // by what and subjects
  readonly #backoff = new Backoff();

  /** In the turn that began at `now`. */
  met(obstacles: readonly MirrorObstacle[], now: number): void {
    for (const obstacle of obstacles) {
      if (!['denied', 'later', 'failed'].includes(obstacle.what)) continue;
      const key = JSON.stringify([obstacle.what, ...obstacle.subjects]);
      this.#met.set(key, { at: now, obstacle });
      this.#backoff.refused(key, now);
    }
  }

  /** Those whose calls are not made at `now`. */
  known(now: number): readonly MirrorObstacle[] {
    for (const [key, { at }] of this.#met) {
      if (at + REMEMBERED > now && at <= now) continue;
      this.#met.delete(key);
      this.#backoff.cleared(key);
    }
    return [...this.#met].filter(([key]) => !this.#backoff.isDue(key, now)).map(([, { obstacle }]) => obstacle);
  }
}

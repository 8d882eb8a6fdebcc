// Turns what EC2 refused because a target is full into what the next turns know: sources of other accounts are not seen.
import type { MirrorObstacle } from '../../schemas/mirroring/plan.ts';

/** After this time it is tried again. */
const REMEMBERED = 10 * 60_000; // ms

/** Of one region. A rule with more targets than a turn has rounds gets to the last of them. */
export class FullTargets {
  readonly #full = new Map<string, { readonly at: number; readonly obstacle: MirrorObstacle }>(); // by target

  met(obstacles: readonly MirrorObstacle[], now: number): void {
    for (const obstacle of obstacles) {
      if (obstacle.what === 'target-full') this.#full.set(obstacle.subjects[0], { at: now, obstacle });
    }
  }

  known(now: number): readonly MirrorObstacle[] {
    for (const [target, { at }] of this.#full) if (at + REMEMBERED <= now || at > now) this.#full.delete(target);
    return [...this.#full.values()].map(({ obstacle }) => obstacle);
  }
}

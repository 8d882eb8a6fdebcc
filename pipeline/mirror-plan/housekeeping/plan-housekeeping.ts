// Turns the account as it was read into what is over: sessions, then targets of ours that nobody uses, then their hosts.
import type {
  MirrorDecision,
  MirrorMemory,
  MirrorObstacle,
  MirrorPlan,
  MirrorWorld,
} from '../../../schemas/mirroring/plan.ts';
import { Draft } from '../draft.ts';
import { EMPTY_GRACE } from '../limits.ts';
import { tidyHosts } from '../targets/tidy-hosts.ts';
import { tidyTargets } from '../targets/tidy-targets.ts';
import { endSessions } from './ended-sessions.ts';
import { foreignReports, goneSessions, type MadeSession } from './reports.ts';

export interface HousekeepingInput {
  /** With the interfaces and instances of all sessions of ours, and of all targets of ours. */
  readonly world: MirrorWorld;
  readonly memory: Pick<MirrorMemory, 'decided'>;
  readonly made: readonly MadeSession[];
  readonly obstacles: readonly MirrorObstacle[];
  /** How long a target of ours may be without a session, ms. */
  readonly grace?: number;
}

export interface Housekeeping {
  readonly plan: MirrorPlan;
  /** What is not ours, or of which our tags cannot be read: the same every time until somebody changes it. */
  readonly reports: readonly MirrorDecision[];
}

/**
 * Only what has our tag is ever changed. Calls that must wait for each other's answers (a target before its instance)
 * come in plans after one another.
 */
export function planHousekeeping(input: HousekeepingInput): Housekeeping {
  const { world, memory, made, obstacles, grace = EMPTY_GRACE } = input;
  const draft = new Draft(world, obstacles);
  endSessions(draft, memory);
  goneSessions(draft, made);
  tidyTargets(draft, grace);
  tidyHosts(draft, grace);
  return { plan: draft.plan(), reports: foreignReports(world) };
}

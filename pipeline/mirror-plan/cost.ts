// Turns a plan into what its sessions cost an hour.
import type { MirrorPlan } from '../../schemas/mirroring/plan.ts';
import type { MirrorGuard } from '../../schemas/mirroring/rules.ts';

/**
 * USD an hour of the sessions that the plan makes; data transfer and target instances are not in it. Sessions that it
 * deletes are not taken off.
 */
export const costPerHour = ({ actions }: MirrorPlan, { sessionPrice }: Pick<MirrorGuard, 'sessionPrice'>): number =>
  Number((actions.filter(({ kind }) => kind === 'create-session').length * sessionPrice).toFixed(9));

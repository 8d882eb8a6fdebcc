// Turns the plans for many instances into a few lines: how many sessions by which rule, the others by reason, the cost.
import {
  DECISION_OUTCOMES,
  DECISION_REASONS,
  type DecisionOutcome,
  type MirrorDecision,
  type MirrorPlan,
} from '../../../schemas/mirroring/plan.ts';
import type { MirrorGuard } from '../../../schemas/mirroring/rules.ts';
import { formatCount, formatMany } from '../../quantities.ts';
import { costPerHour } from '../cost.ts';

export interface RegionPlan {
  readonly region: string;
  readonly instances: number;
  readonly plan: MirrorPlan;
}

/** How many, most first, then by name. */
const counted = <T extends string>(names: readonly T[]): (readonly [name: T, count: number])[] =>
  [...Map.groupBy(names, (name) => name)]
    .map(([name, all]) => [name, all.length] as const)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));

/** `create  wanted  412: a rule matches`, in the order of the outcomes, of each the most frequent reason first. */
export function decisionCounts(decisions: readonly Pick<MirrorDecision, 'outcome' | 'reason'>[]): string[] {
  const ofOutcome = (outcome: DecisionOutcome) =>
    counted(decisions.filter((decision) => decision.outcome === outcome).map(({ reason }) => reason));
  return DECISION_OUTCOMES.flatMap((outcome) =>
    ofOutcome(outcome).map(
      ([reason, count]) =>
        `${outcome.padEnd(7)} ${formatCount(count).padStart(7)}  ${reason}: ${DECISION_REASONS[reason]}`,
    ),
  );
}

/** Several lines, each ended. */
export function summaryText(plans: readonly RegionPlan[], guard: Pick<MirrorGuard, 'sessionPrice'>): string {
  const lines = plans.flatMap(({ region, instances, plan }) => [
    `${region}: ${formatMany(instances, 'instance')}`,
    ...decisionCounts(plan.decisions).map((line) => `  ${line}`),
    ...ruleCounts(plan).map((line) => `  ${line}`),
  ]);
  const sessions = plans.reduce((sum, { plan }) => sum + sessionsOf(plan).length, 0);
  const cost = plans.reduce((sum, { plan }) => sum + costPerHour(plan, guard), 0);
  const hosts = plans.reduce(
    (sum, { plan }) => sum + plan.actions.filter(({ kind }) => kind === 'run-instance').length,
    0,
  );
  const price = `${cost.toFixed(3)} USD an hour at ${guard.sessionPrice} each, and data transfer`;
  const more = sessions === 0 ? 'no session more' : `${formatMany(sessions, 'session')} more: ${price}`;
  const started = hosts === 0 ? '' : `; ${formatMany(hosts, 'target instance')} at its own price`;
  return `${[...lines, `${more}${started}`].join('\n')}\n`;
}

const sessionsOf = ({ decisions, actions }: MirrorPlan): readonly MirrorDecision[] =>
  actions.flatMap(({ kind, decision }) => (kind === 'create-session' && decision !== null ? decisions[decision] : []));

const ruleCounts = (plan: MirrorPlan): string[] =>
  counted(sessionsOf(plan).map(({ rule }) => rule ?? 'no rule')).map(
    ([rule, count]) => `${formatMany(count, 'session')} by ${rule}`,
  );

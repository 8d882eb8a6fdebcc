// Turns one question about a region into calls: observe, plan, announce in the audit, call, write down the answers, and
// again until nothing is left to be done, or it waits.
//
//   observe -> plan -> (nothing to say: done) -> audit before -> calls -> audit after -> (no calls: done) -> observe …
import type { AskedRequest, AuditedPlan } from '../../../pipeline/mirror-audit/audited-plan.ts';
import type { Ledger } from '../../../pipeline/mirror-audit/ledger.ts';
import type { FullTargets } from '../../../pipeline/mirror-turn/full-targets.ts';
import type { MissingSessions } from '../../../pipeline/mirror-turn/missing.ts';
import type { RefusedCalls } from '../../../pipeline/mirror-turn/refused-calls.ts';
import type { SaidDecisions } from '../../../pipeline/mirror-turn/said.ts';
import { deferred, unread } from '../../../pipeline/mirror-turn/waits.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorDecision, MirrorObstacle, MirrorPlan, MirrorWorld } from '../../../schemas/mirroring/plan.ts';
import { type CallAnswer, carryOut } from './carry-out.ts';
import type { PlanAudit } from './plan-audit.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { MirrorTeller } from './teller.ts';

/** So many plans with calls in one turn; what is left then waits for the next. */
const MAX_ROUNDS = 6;

/** A region of the account, as one process works on it. */
export interface RegionPlace {
  readonly region: string;
  readonly account: string;
  /** Null: there are no rules for it, and nothing is read. */
  readonly ec2: Ec2Mirror | null;
  readonly memory: Ledger;
  readonly recent: RecentChanges;
  readonly missing: MissingSessions;
  readonly full: FullTargets;
  readonly refused: RefusedCalls;
  readonly said: SaidDecisions;
  readonly audit: PlanAudit;
  readonly teller: MirrorTeller;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each answer as it comes, also in a turn that is then left. */
  readonly heard?: (call: RequestedCall) => void;
}

export interface Question {
  /** What the plan is about, for the audit; what waits when the region cannot be read. */
  readonly requests: readonly AskedRequest[];
  /** What EC2 has refused before this turn. */
  readonly obstacles: readonly MirrorObstacle[];
  readonly observe: (ec2: Ec2Mirror) => Promise<MirrorWorld>;
  readonly plan: (world: MirrorWorld, obstacles: readonly MirrorObstacle[]) => MirrorPlan;
}

/** An answer, and which request the call was made for; null: for none, or for several. */
export type RequestedCall = CallAnswer & { readonly request: string | null };

export interface RoundsReport {
  readonly region: string;
  /** That went to the audit, in order. */
  readonly decisions: readonly MirrorDecision[];
  readonly calls: readonly RequestedCall[];
  /** Of this turn. */
  readonly obstacles: readonly MirrorObstacle[];
  /** Why the region could not be read. */
  readonly unread: string | null;
}

/** A region of which nothing was read. */
export const emptyWorld = (account: string, region: string, now: number): MirrorWorld => ({
  ...{ account, region, now, sessions: [], targets: [], managedInstances: [] },
  ...{ instances: new Map(), interfaces: new Map(), filters: new Map(), mbps: new Map() },
});

/** The world, or the sentence that says why it could not be read. Rejects with what is no failure of EC2. */
const look = async ({ ec2, account, region, teller, clock, signal }: RegionPlace, { observe }: Question) => {
  if (ec2 === null) return emptyWorld(account, region, clock.now());
  try {
    const world = await observe(ec2);
    teller.observed(world);
    return world;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof VpcflowError) || error.code !== 'VF_SERVICE') throw error;
    teller.unread(region, error.sentence);
    return error.sentence;
  }
};

const decisionOf = ({ decisions }: MirrorPlan, { action }: CallAnswer): MirrorDecision | null =>
  action.decision === null ? null : (decisions[action.decision] ?? null);

const requested = (plan: MirrorPlan, one: CallAnswer): RequestedCall => ({
  ...one,
  request: decisionOf(plan, one)?.request ?? null,
});

/** Announces a plan, makes its calls, and writes down what came of them. */
const enact = async (
  place: RegionPlace,
  plan: MirrorPlan,
  requests: readonly AskedRequest[],
  world: MirrorWorld | null,
): Promise<{ readonly answers: readonly CallAnswer[]; readonly obstacles: readonly MirrorObstacle[] }> => {
  const { account, region, ec2, memory, recent, said, audit, teller, clock, signal } = place;
  const known: AuditedPlan['known'] = {
    session: (id) => memory.session(id),
    decided: (finding, about) => (about.asked ? memory.latest(finding) : memory.decidedOn(finding, about.interface)),
  };
  const audited = await audit.before({ account, region, requests, ignored: [], plan, world, known });
  teller.decided(audited);
  const nothing = { answers: [], obstacles: [], stopped: false };
  const heard = (one: CallAnswer): void => place.heard?.(requested(plan, one));
  const { answers, obstacles, stopped } =
    ec2 === null ? nothing : await carryOut(ec2, plan.actions, { clock, signal, heard });
  for (const { action, answer, at } of answers) recent.answered(action, answer, at);
  teller.answered(audited, answers);
  await audit.after(audited, answers);
  if (stopped) throw signal.reason;
  // Only what the audit has whole: a plan that was left is said again by whoever carries on.
  for (const decision of plan.decisions) said.say(decision);
  for (const one of answers) {
    const decision = decisionOf(plan, one);
    const made = one.action.kind === 'create-session' || decision?.outcome === 'extend';
    if (!one.answer.ok || !made || decision === null) continue;
    const session = decision.session ?? one.answer.value?.id ?? null;
    said.say({ ...decision, outcome: 'keep', reason: 'already', session });
  }
  return { answers, obstacles };
};

/**
 * Resolves when no plan asks for a call any more, or a turn has had its MAX_ROUNDS: what is left then waits, as does all
 * of it when the region cannot be read. Rejects with VF_STORE_* (without the calls of the plan that could not be
 * announced) and with the signal's reason, after the answers so far are in the audit.
 */
export const runRounds = async (place: RegionPlace, question: Question): Promise<RoundsReport> => {
  const { region, said, full, clock, signal } = place;
  const requests = question.requests.map(({ request }) => request);
  const obstacles: MirrorObstacle[] = [...full.known(clock.now()), ...question.obstacles];
  const decisions: MirrorDecision[] = [];
  const calls: RequestedCall[] = [];
  const met: MirrorObstacle[] = [];
  for (let round = 0; ; round += 1) {
    signal.throwIfAborted();
    const world = await look(place, question);
    const failed = typeof world === 'string';
    const planned = failed ? unread(requests, world) : question.plan(world, obstacles);
    const plan = said.unsaid(round < MAX_ROUNDS ? planned : deferred(planned, MAX_ROUNDS));
    if (plan.decisions.length + plan.actions.length > 0) {
      const done = await enact(place, plan, question.requests, failed ? null : world);
      decisions.push(...plan.decisions);
      for (const one of done.answers) calls.push(requested(plan, one));
      obstacles.push(...done.obstacles);
      met.push(...done.obstacles);
      full.met(done.obstacles, clock.now());
    }
    if (plan.actions.length === 0) return { region, decisions, calls, obstacles: met, unread: failed ? world : null };
  }
};

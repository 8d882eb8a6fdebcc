// Turns what a turn is about (requests, housekeeping, a release) into what is observed and how it is planned.
import type { AskedRequest } from '../../../pipeline/mirror-audit/audited-plan.ts';
import { planHousekeeping } from '../../../pipeline/mirror-plan/housekeeping/plan-housekeeping.ts';
import { planRelease, type Released, waitingFor } from '../../../pipeline/mirror-plan/housekeeping/plan-release.ts';
import { planMirroring } from '../../../pipeline/mirror-plan/plan-mirroring.ts';
import { asFirstTaken, withClocks } from '../../../pipeline/mirror-turn/clock-ahead.ts';
import { memoryOf } from '../../../pipeline/mirror-turn/memory.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import { type MirrorEvidence, withNeighbours, withReasons } from './evidence-for.ts';
import { observe } from './observe.ts';
import type { Question, RegionPlace } from './rounds.ts';

export interface Asking {
  readonly rules: MirrorRules;
  readonly evidence: MirrorEvidence;
  readonly clock: Clock;
  /** Of the housekeeping, ms; without it as the planner has it. */
  readonly grace?: number;
}

/** Mbit/s of interfaces by the digests, where the rules limit them; each interface is asked for once in a turn. */
const measuring = ({ rules, evidence, clock }: Asking, { teller, signal }: RegionPlace) => {
  const known = new Map<string, number>();
  const asked = new Set<string>();
  return async (interfaces: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    const wanted = rules.guard.maxMbps === null ? [] : interfaces.filter((id) => !asked.has(id));
    if (wanted.length === 0) return known;
    const answer = await evidence.mbps(wanted, clock.now(), signal);
    teller.evidence(answer.problem);
    for (const id of wanted) asked.add(id);
    for (const [id, value] of answer.mbps) known.set(id, value);
    return known;
  };
};

const observing = (asking: Asking, place: RegionPlace, requests: readonly MirrorRequest[]): Question['observe'] => {
  const { account, recent, memory, region } = place;
  const mbps = measuring(asking, place);
  const rules = asking.rules.regions.get(region) ?? [];
  const now = () => asking.clock.now();
  return (ec2) => observe({ ec2, account, rules, requests, made: memory.sessions(), recent, now, mbps });
};

/** The evidence is gathered here, once. Rejects with the signal's reason only. */
export const mirroringOf = async (
  asking: Asking,
  place: RegionPlace,
  asked: readonly AskedRequest[],
): Promise<Question> => {
  const { rules, evidence } = asking;
  const { memory, signal } = place;
  const waiting = memory.waiting(asking.clock.now());
  const taken = asFirstTaken(asked, (key) => memory.updatedAt(key));
  const found = await withNeighbours(taken, { rules, evidence, memory, waiting }, signal);
  const requests = found.requests.map(({ request }) => request);
  return {
    requests: found.requests,
    obstacles: [],
    observe: observing(asking, place, requests),
    plan: (world, obstacles) => {
      const plan = planMirroring({ rules, requests, world, memory: memoryOf(memory, world), obstacles });
      return withClocks(withReasons(plan, found), requests);
    },
  };
};

export const housekeepingOf = (asking: Asking, place: RegionPlace): Question => {
  const { memory, missing, refused } = place;
  const grace = asking.grace === undefined ? {} : { grace: asking.grace };
  return {
    requests: [],
    obstacles: refused.known(asking.clock.now()),
    observe: observing(asking, place, []),
    plan: (world, obstacles) => {
      const made = missing.confirmed(memory.sessions(), world);
      const { plan, reports } = planHousekeeping({ world, memory: memoryOf(memory, world), made, obstacles, ...grace });
      return { ...plan, decisions: [...plan.decisions, ...reports] };
    },
  };
};

/** A session that a round before has deleted is not asked for again: that it is gone is no news. */
export const releaseOf = (asking: Asking, place: RegionPlace, what: Released): Question => {
  const deleted = new Set<string>();
  const waiting = waitingFor(what, place.memory.waiting(asking.clock.now()));
  return {
    requests: waiting.map((request) => ({ request, eventId: null })),
    obstacles: [],
    observe: observing(asking, place, waiting),
    plan: (world, obstacles) => {
      const there = new Set(world.sessions.map(({ id }) => id));
      const isAsked = (id: string): boolean => there.has(id) || !deleted.has(id);
      const asked = what.by === 'session' ? { ...what, ids: what.ids.filter(isAsked) } : what;
      const plan = planRelease({ world, what: asked, waiting, obstacles });
      for (const action of plan.actions) if (action.kind === 'delete-session') deleted.add(action.id);
      return plan;
    },
  };
};

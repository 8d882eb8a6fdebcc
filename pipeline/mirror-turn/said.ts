// Turns a plan into what of it the audit has not been told yet: a request that waits is asked each minute, and said once.
import type { MirrorDecision, MirrorPlan } from '../../schemas/mirroring/plan.ts';

/** So many subjects are remembered, the ones said last; one that is forgotten is said once more. */
const REMEMBERED = 100_000;

/** What a decision is about: one interface for one request; of the housekeeping, one session or target. */
const subjectOf = ({ request, instance, interface: source, session, target }: MirrorDecision): string =>
  JSON.stringify(request === null ? [null, source, session, target] : [request, instance, source]);

/** Without its sentence, in which numbers may change all the time. */
const gistOf = ({ outcome, reason, rule, session, expires }: MirrorDecision): string =>
  JSON.stringify([outcome, reason, rule, outcome === 'keep' ? [session, expires] : null]);

/** The decisions and actions that stay, with the places of those that they belong to. */
const parted = (plan: MirrorPlan, stays: (decision: MirrorDecision, index: number) => boolean): MirrorPlan => {
  const places = new Map<number, number>();
  const decisions = plan.decisions.filter((decision, index) => {
    if (!stays(decision, index)) return false;
    places.set(index, places.size);
    return true;
  });
  const actions = plan.actions.map((action) => ({
    ...action,
    decision: action.decision === null ? null : (places.get(action.decision) ?? null),
  }));
  return { decisions, actions };
};

export class SaidDecisions {
  readonly #gists = new Map<string, string>(); // by subject, the one said last at the end

  /**
   * The plan without what was said before. Of a request everything stays as soon as one of its decisions is new, or a
   * call follows one: its last plan in the audit must be able to stand alone. Actions all stay.
   */
  unsaid(plan: MirrorPlan): MirrorPlan {
    const called = new Set(plan.actions.map(({ decision }) => decision));
    const isNew = (decision: MirrorDecision, index: number): boolean =>
      called.has(index) || this.#gists.get(subjectOf(decision)) !== gistOf(decision);
    const requests = new Set(plan.decisions.filter(isNew).map(({ request }) => request));
    return parted(plan, (decision, index) =>
      decision.request === null ? isNew(decision, index) : requests.has(decision.request),
    );
  }

  /** The audit has it, durably. */
  say(decision: MirrorDecision): void {
    const subject = subjectOf(decision);
    this.#gists.delete(subject);
    this.#gists.set(subject, gistOf(decision));
    if (this.#gists.size <= REMEMBERED) return;
    for (const oldest of this.#gists.keys()) {
      this.#gists.delete(oldest);
      return;
    }
  }
}

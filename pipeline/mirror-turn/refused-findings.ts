// Turns a plan into its findings that are refused: who has no packets, and why; and those that are not, or not any more.
import type { Finding } from '../../schemas/mirroring/events.ts';
import {
  DECISION_REASONS,
  type DecisionReason,
  type MirrorDecision,
  type MirrorPlan,
} from '../../schemas/mirroring/plan.ts';
import type { AskedRequest } from '../mirror-audit/audited-plan.ts';

/** The rule file says so itself: nobody has to put it right. */
const BY_RULES: readonly DecisionReason[] = ['disabled', 'type_denied', 'severity', 'archived'];

export interface DecidedFinding {
  readonly finding: Finding;
  /** Null: nothing of it is refused. */
  readonly refusal: {
    readonly instance: string | null;
    readonly interface: string | null;
    /** Each once, in the plan's order, joined by commas. */
    readonly reason: string;
    /** One sentence: the first refusal's. */
    readonly why: string;
    /** All of it is as the rule file has it. */
    readonly byRules: boolean;
  } | null;
}

const refusalOf = (decisions: readonly MirrorDecision[], { instances }: Finding): DecidedFinding['refusal'] => {
  // A neighbour that cannot be mirrored leaves the finding its own packets.
  const refused = decisions.filter(({ outcome, neighbour }) => outcome === 'refuse' && neighbour === null);
  if (refused.length === 0) return null;
  const [{ reason: first, detail, instance, interface: source }] = refused;
  const reasons = [...new Set(refused.map(({ reason }) => reason))];
  return {
    instance: instance ?? instances[0] ?? null,
    interface: source,
    reason: reasons.join(', '),
    why: detail === '' ? DECISION_REASONS[first] : `${DECISION_REASONS[first]}: ${detail}`,
    byRules: reasons.every((reason) => BY_RULES.includes(reason)),
  };
};

/** One for each finding that the plan decides on, in the order of the requests. */
export const decidedFindings = (
  { decisions }: Pick<MirrorPlan, 'decisions'>,
  requests: readonly AskedRequest[],
): readonly DecidedFinding[] => {
  const byRequest = Map.groupBy(decisions, ({ request }) => request);
  return requests.flatMap(({ request: { key, finding } }) => {
    const own = byRequest.get(key);
    return finding === null || own === undefined ? [] : [{ finding, refusal: refusalOf(own, finding) }];
  });
};

// Turns findings into the same findings with their neighbours: what the digests say of the remote address, once a turn.
import type { AskedRequest } from '../../pipeline/mirror-audit/audited-plan.ts';
import { unwanted } from '../../pipeline/mirror-plan/wanted.ts';
import type { MirrorDecision, MirrorMemory, MirrorPlan, MirrorRequest } from '../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../schemas/mirroring/rules.ts';
import { readAhead } from '../shared/read-ahead.ts';
import type { Evidence } from './evidence.ts';

export type MirrorEvidence = Pick<Evidence, 'neighbours' | 'mbps'>;

/** Questions to the digests at once. */
const AT_ONCE = 4;

export interface WithEvidence {
  readonly requests: readonly AskedRequest[];
  /** `no evidence: …`, by the key of the request. */
  readonly problems: ReadonlyMap<string, string>;
}

interface Known {
  readonly rules: MirrorRules;
  readonly evidence: MirrorEvidence;
  readonly memory: Pick<MirrorMemory, 'decided'>;
  /** Requests that wait: they have their evidence with them, also when their event comes again. */
  readonly waiting: readonly MirrorRequest[];
}

/**
 * Asks for the findings whose neighbours may be mirrored, and that are not decided on yet nor wait (a request that waits
 * has its evidence with it): the hour before the event. Rejects with the signal's reason only.
 */
export const withNeighbours = async (
  asked: readonly AskedRequest[],
  { rules, evidence, memory, waiting }: Known,
  signal: AbortSignal,
): Promise<WithEvidence> => {
  const problems = new Map<string, string>();
  const isAsked = ({ request }: AskedRequest): boolean =>
    request.finding !== null &&
    !request.finding.archived &&
    request.finding.remoteAddresses.length > 0 &&
    request.neighbours.length === 0 &&
    unwanted(request, rules) === null &&
    (memory.decided(request.finding.id)?.updatedAt ?? Number.NEGATIVE_INFINITY) < request.finding.updatedAt;
  if (rules.neighbours === 0) return { requests: asked, problems };
  const gathered = new Map(waiting.map(({ key, neighbours }) => [key, neighbours]));
  const answers = readAhead(asked, AT_ONCE, async (one): Promise<AskedRequest> => {
    const { request } = one;
    const before = request.neighbours.length === 0 ? gathered.get(request.key) : undefined;
    if (before !== undefined) return { ...one, request: { ...request, neighbours: before } };
    if (!isAsked(one) || request.finding === null) return one;
    const { account, region, at, finding } = request;
    const except = [...finding.interfaces.map(({ id }) => id), ...finding.localInterfaces];
    const scope = { account, region, except };
    const answer = await evidence.neighbours(finding.remoteAddresses, rules.neighbours, at, signal, scope);
    if (answer.problem !== null) problems.set(request.key, answer.problem);
    return { ...one, request: { ...request, neighbours: answer.neighbours } };
  });
  return { requests: await Array.fromAsync(answers), problems };
};

/** The plan, with the reason why a request has no neighbours in the decisions about its own interfaces. */
export const withProblems = (plan: MirrorPlan, problems: ReadonlyMap<string, string>): MirrorPlan => {
  if (problems.size === 0) return plan;
  const told = (decision: MirrorDecision): MirrorDecision => {
    const problem = problems.get(decision.request ?? '');
    if (problem === undefined || decision.interface === null || decision.neighbour !== null) return decision;
    return { ...decision, detail: decision.detail === '' ? problem : `${decision.detail}; ${problem}` };
  };
  return { ...plan, decisions: plan.decisions.map(told) };
};

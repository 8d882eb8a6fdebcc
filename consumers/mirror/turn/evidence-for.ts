// Turns findings into the same findings with their neighbours: what the digests say of the remote address, once a turn.
import type { AskedRequest } from '../../../pipeline/mirror-audit/audited-plan.ts';
import { candidatesFor } from '../../../pipeline/mirror-plan/subjects.ts';
import { unwanted } from '../../../pipeline/mirror-plan/wanted.ts';
import type { Finding } from '../../../schemas/mirroring/events.ts';
import type {
  MirrorDecision,
  MirrorMemory,
  MirrorPlan,
  MirrorRequest,
  Neighbour,
} from '../../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import { readAhead } from '../../shared/read-ahead.ts';
import type { Evidence } from './evidence.ts';

export type MirrorEvidence = Pick<Evidence, 'neighbours' | 'mbps'>;

/** Questions to the digests at once. */
const AT_ONCE = 4;

export interface WithEvidence {
  readonly requests: readonly AskedRequest[];
  /** Why there are no neighbours, `no evidence: …` or `no neighbours: …`, by the key of the request. */
  readonly without: ReadonlyMap<string, string>;
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
  const without = new Map<string, string>();
  const isAsked = ({ request }: AskedRequest): boolean =>
    request.finding !== null &&
    !request.finding.archived &&
    request.neighbours.length === 0 &&
    unwanted(request, rules) === null &&
    (memory.decided(request.finding.id)?.updatedAt ?? Number.NEGATIVE_INFINITY) < request.finding.updatedAt;
  if (rules.neighbours === 0) return { requests: asked, without };
  const gathered = new Map(waiting.map(({ key, neighbours }) => [key, neighbours]));
  const answers = readAhead(asked, AT_ONCE, async (one): Promise<AskedRequest> => {
    const { request } = one;
    const before = request.neighbours.length === 0 ? gathered.get(request.key) : undefined;
    if (before !== undefined) return { ...one, request: { ...request, neighbours: before } };
    if (!isAsked(one) || request.finding === null) return one;
    const { account, region, at, finding } = request;
    const except = [...finding.interfaces.map(({ id }) => id), ...finding.localInterfaces];
    const scope = { account, region, except };
    const answer = await evidence.neighbours(
      finding.remoteAddresses,
      candidatesFor(rules.neighbours),
      at,
      signal,
      scope,
    );
    if (answer.problem !== null) without.set(request.key, answer.problem);
    else if (answer.neighbours.length === 0) without.set(request.key, noNeighbours(finding, answer));
    return { ...one, request: { ...request, neighbours: answer.neighbours } };
  });
  return { requests: await Array.fromAsync(answers), without };
};

/** So many addresses are named. */
const NAMED = 3;

const noNeighbours = (
  { remoteAddresses }: Pick<Finding, 'remoteAddresses'>,
  { window, complete }: Pick<Neighbour, 'window' | 'complete'>,
): string => {
  if (remoteAddresses.length === 0) return 'no neighbours: the finding names no remote address';
  const more = remoteAddresses.length - NAMED;
  const named = `${remoteAddresses.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const state = complete === null ? 'unknown' : complete ? 'complete' : 'incomplete';
  return `no neighbours: no row with ${named} of another interface in ${window} (${state})`;
};

/** Of a finding whose evidence names no other interface than its own. */
const onlyItself = ({ finding, neighbours }: MirrorRequest): string | null =>
  finding === null || neighbours.length === 0 ? null : noNeighbours(finding, neighbours[0]);

/** The plan, with the reason why a request has no neighbours in the decisions about its own interfaces. */
export const withReasons = (plan: MirrorPlan, { requests, without }: WithEvidence): MirrorPlan => {
  const has = new Set(plan.decisions.filter(({ neighbour }) => neighbour !== null).map(({ request }) => request));
  const reasons = new Map(
    requests.flatMap(({ request }) => {
      const reason = without.get(request.key) ?? (has.has(request.key) ? null : onlyItself(request));
      return reason === null ? [] : [[request.key, reason] as const];
    }),
  );
  if (reasons.size === 0) return plan;
  const told = (decision: MirrorDecision): MirrorDecision => {
    const reason = reasons.get(decision.request ?? '');
    if (reason === undefined || decision.interface === null || decision.neighbour !== null) return decision;
    return { ...decision, detail: decision.detail === '' ? reason : `${decision.detail}; ${reason}` };
  };
  return { ...plan, decisions: plan.decisions.map(told) };
};

// Turns who asks for mirroring, the rules and the account as it was read into what is decided and the calls to make.
//
// A step of a function over what is observed: after the calls it is asked again, with the account read anew and what
// EC2 refused, until no call is left. So "target instance pending -> running -> target -> sessions" and "target full ->
// next" are further steps, and a worker that died between two calls is one that asks again.
import type {
  DecisionReason,
  MirrorDecision,
  MirrorMemory,
  MirrorObstacle,
  MirrorPlan,
  MirrorRequest,
  MirrorWorld,
  Neighbour,
} from '../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../schemas/mirroring/rules.ts';
import { matchRule } from '../mirror-rules/match.ts';
import { type Candidate, decideSource, goneBefore, type Planning, sessionFor } from './decide-source.ts';
import { Draft } from './draft.ts';
import { orderedRequests } from './ordered-requests.ts';
import { purposeOf, taggedPurpose } from './purpose.ts';
import { notRunning, notYetThere, targetHosts } from './source.ts';
import { chooseInterfaces, evidenceOf, instancesOf, neighboursOf, orphansOf } from './subjects.ts';
import { refusedCall } from './targets/target-instances.ts';
import { misplaced, outdated, refuse, unwanted, type Verdict } from './wanted.ts';

export interface MirroringInput {
  readonly rules: MirrorRules;
  readonly requests: readonly MirrorRequest[];
  readonly world: MirrorWorld;
  readonly memory: MirrorMemory;
  /** Of the rounds before in this turn. */
  readonly obstacles: readonly MirrorObstacle[];
}

type About = Partial<Pick<MirrorDecision, 'instance' | 'interface' | 'rule' | 'session' | 'neighbour'>>;

const tell = (draft: Draft, request: MirrorRequest, verdict: Verdict, about: About = {}): number =>
  draft.decide({ request: request.key, ...verdict, ...about });

/**
 * At least one decision for each request, and one for each of its interfaces. Requests are taken in an order of their
 * own (severity, finding id, key), and the interfaces that they are about before neighbours, so that the plan does not
 * depend on the order of the input; the same input always makes the same calls with the same tokens.
 */
export function planMirroring({ rules, requests, world, memory, obstacles }: MirroringInput): MirrorPlan {
  const draft = new Draft(world, obstacles);
  const planning: Planning = { draft, rules, memory, hosts: targetHosts(draft, rules) };
  const ordered = orderedRequests(requests);
  for (const { request, by } of ordered.superseded) {
    const detail = `${by.key} is a later state of the same finding`;
    tell(draft, request, { outcome: 'keep', reason: 'superseded', detail });
  }
  const mirrored = ordered.requests.filter((request) => isMirrored(planning, request));
  const seen = new Map(mirrored.map((request) => [request.key, decideOwn(planning, request)]));
  for (const request of mirrored) decideNeighbours(planning, request, seen.get(request.key) ?? new Set());
  return draft.plan();
}

/** False where the request was decided on as a whole. */
function isMirrored({ draft, rules, memory }: Planning, request: MirrorRequest): boolean {
  const verdict = misplaced(request, rules, draft.world) ?? outdated(request, memory);
  if (verdict === null && request.finding?.archived === true) {
    releaseArchived(draft, request, request.finding.id);
    return false;
  }
  const reason = verdict ?? unwanted(request, rules);
  if (reason !== null) tell(draft, request, reason);
  return reason === null;
}

function releaseArchived(draft: Draft, request: MirrorRequest, finding: string): void {
  const sessions = [...draft.ours]
    .filter(({ tags }) => taggedPurpose(tags) === purposeOf(finding))
    .toSorted((a, b) => ((a.id ?? '') < (b.id ?? '') ? -1 : 1));
  if (sessions.length === 0) tell(draft, request, { outcome: 'keep', reason: 'archived', detail: 'it has no session' });
  for (const { id, interface: source } of sessions) {
    if (id === null) continue;
    const about = { session: id, interface: source, instance: draft.interface(source)?.instance ?? null };
    const refused = refusedCall(draft, id);
    const verdict: Verdict = refused ?? { outcome: 'release', reason: 'archived', detail: '' };
    const decision = tell(draft, request, verdict, about);
    if (refused === null) draft.act(decision, { kind: 'delete-session', id });
  }
}

/** The interfaces that the request is about; answers with those that were decided on. */
function decideOwn(planning: Planning, request: MirrorRequest): Set<string> {
  const { draft, rules } = planning;
  const seen = new Set<string>();
  for (const id of orphansOf(draft, request)) {
    tell(draft, request, refuse('interface_gone', `${id} is of no instance`), { interface: id });
    seen.add(id);
  }
  const instances = instancesOf(draft, request);
  if (instances.length === 0 && seen.size === 0) tell(draft, request, refuse('instance_gone', 'it names none'));
  for (const id of instances) {
    const instance = draft.instance(id);
    const verdict = notYetThere(request, id, instance, draft.world.now) ?? notRunning(id, instance);
    if (verdict !== null || instance === null) {
      tell(draft, request, verdict ?? refuse('instance_gone', id), { instance: id });
      continue;
    }
    const { rule, others } = matchRule(rules.regions.get(draft.world.region) ?? [], instance);
    if (rule === null) {
      tell(draft, request, refuse('no_rule', `none of ${draft.world.region} for ${id}`), { instance: id });
      continue;
    }
    const { interfaces, why } = chooseInterfaces(draft, instance, rule.scope, request.finding);
    if (interfaces.length === 0) {
      const about = { instance: id, rule: rule.name };
      tell(draft, request, refuse('interface_gone', `${id} has no interface`), about);
    }
    for (const source of interfaces) {
      if (seen.has(source.id)) continue;
      seen.add(source.id);
      const reasons = [why, otherRules(others)];
      decideOne(planning, { request, source, instance, rule, why: reasons, neighbour: null });
    }
  }
  return seen;
}

const otherRules = (others: readonly string[]): string =>
  others.length === 0 ? '' : `also matches: ${others.join(', ')}`;

function decideOne(planning: Planning, candidate: Candidate): number {
  const { request, source, instance, rule, neighbour } = candidate;
  const gone = goneBefore(planning.draft, source.id);
  if (gone === null) return decideSource(planning, candidate);
  const about = { interface: source.id, instance: instance.id, rule: rule.name, neighbour };
  return tell(planning.draft, request, gone, about);
}

/** Why an interface is passed over for the next one of the evidence: it cannot be a source, or no rule wants it. */
const NO_SOURCE: readonly DecisionReason[] = [
  ...(['interface_gone', 'interface_kind', 'instance_gone', 'family', 'is_target', 'no_rule'] as const),
];

/**
 * The first of them that can be sources, each by the rule of its own instance; those that cannot take no place, and are
 * told of. One that is mirrored for the request already stays among them.
 */
function decideNeighbours(planning: Planning, request: MirrorRequest, seen: ReadonlySet<string>): void {
  const { draft, rules } = planning;
  const candidates = neighboursOf(request).filter((one) => !seen.has(one.interface));
  const isMirrored = (one: Neighbour): boolean => sessionFor(draft, one.interface, request) !== null;
  const [there, others] = [candidates.filter(isMirrored), candidates.filter((one) => !isMirrored(one))];
  let left = rules.neighbours;
  for (const neighbour of [...there, ...others]) {
    if (left <= 0) return;
    const host = draft.interface(neighbour.interface)?.instance ?? null;
    const { outcome, reason } = draft.decided(decideNeighbour(planning, request, neighbour, host));
    if (outcome !== 'refuse' || !NO_SOURCE.includes(reason)) left -= 1;
  }
}

function decideNeighbour(
  planning: Planning,
  request: MirrorRequest,
  neighbour: Neighbour,
  host: string | null,
): number {
  const { draft, rules } = planning;
  const evidence = evidenceOf(neighbour);
  const source = draft.interface(neighbour.interface);
  const about = { interface: neighbour.interface, instance: host, neighbour };
  const because = (verdict: Verdict): number =>
    tell(draft, request, { ...verdict, detail: `${verdict.detail}; ${evidence}` }, about);
  if (source === null || host === null) {
    const isOther = source !== null && source.kind !== 'interface'; // a NAT gateway's, a load balancer's
    if (isOther) return because(refuse('interface_kind', `${source.id} is of the kind ${source.kind}`));
    return because(refuse('interface_gone', `${neighbour.interface} is of no instance`));
  }
  const instance = draft.instance(host);
  const verdict = notRunning(host, instance);
  if (verdict !== null || instance === null) return because(verdict ?? refuse('instance_gone', host));
  const { rule, others } = matchRule(rules.regions.get(draft.world.region) ?? [], instance);
  if (rule === null) return because(refuse('no_rule', `none of ${draft.world.region} for ${host}`));
  return decideOne(planning, { request, source, instance, rule, why: [evidence, otherRules(others)], neighbour });
}

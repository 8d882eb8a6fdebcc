// Turns one interface of a request into its decision, and the calls that follow from it.
import type { MirrorInstance, MirrorInterface } from '../../schemas/mirroring/account.ts';
import { TAG } from '../../schemas/mirroring/account.ts';
import type { MirrorMemory, MirrorRequest, Neighbour } from '../../schemas/mirroring/plan.ts';
import type { MirrorRule, MirrorRules } from '../../schemas/mirroring/rules.ts';
import { deadTarget } from './dead-targets.ts';
import type { AnyAction, Draft, DraftSession } from './draft.ts';
import { carriedBy } from './earlier-sessions.ts';
import { guarded, unmeasured } from './guards.ts';
import { newSession, sessionTags } from './new-session.ts';
import { isOurs } from './owned.ts';
import { purposeOf, purposeOn, taggedPurpose } from './purpose.ts';
import { freeNumber, isFull, untested, unusable } from './source.ts';
import { expiryOf, readTagTime, tagTime } from './tag-time.ts';
import { launchedTarget, refusedCall, type Step } from './targets/target-instances.ts';
import { namedTarget } from './targets/targets.ts';
import { refuse, type Verdict, wait } from './wanted.ts';

export interface Planning {
  readonly draft: Draft;
  readonly rules: MirrorRules;
  readonly memory: MirrorMemory;
  readonly hosts: ReadonlySet<string>;
}

export interface Candidate {
  readonly request: MirrorRequest;
  readonly source: MirrorInterface;
  readonly instance: MirrorInstance;
  readonly rule: MirrorRule;
  /** Why this interface and this rule: sentences. */
  readonly why: readonly string[];
  readonly neighbour: Neighbour | null;
}

const sentence = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('; ');

/** When a session of the request would end; null: never by itself. */
const expiryFor = ({ finding, at }: MirrorRequest, rule: MirrorRule): number | null =>
  finding === null ? null : expiryOf(at, rule.ttl);

const purposeFor = ({ finding }: MirrorRequest): string => purposeOf(finding?.id ?? null);

/** Ours, for the same finding (or instance): the one that stays when there are two. */
export function sessionFor(draft: Draft, source: string, request: MirrorRequest): DraftSession | null {
  const purpose = purposeFor(request);
  const same = draft.sessionsOn(source).filter((one) => isOurs(one) && taggedPurpose(one.tags) === purpose);
  const order = (a: DraftSession, b: DraftSession) => a.number - b.number || ((a.id ?? '') < (b.id ?? '') ? -1 : 1);
  return same.toSorted(order)[0] ?? null;
}

function decide(
  draft: Draft,
  candidate: Candidate,
  verdict: Verdict,
  more: { readonly session?: string | null; readonly target?: string | null } = {},
) {
  const { request, source, instance, rule, why, neighbour } = candidate;
  // What is not permitted has a remedy, and it is the end of the sentence.
  const told = verdict.reason === 'denied' ? [] : why;
  return draft.decide({
    ...{ outcome: verdict.outcome, reason: verdict.reason, detail: sentence(verdict.detail, ...told), neighbour },
    ...{ request: request.key, instance: instance.id, interface: source.id, rule: rule.name },
    ...{ session: more.session ?? null, target: more.target ?? null, expires: expiryFor(request, rule) },
  });
}

/** The session is there: it lives as long as the finding's last event says, never shorter than it does. */
function keepOrExtend(draft: Draft, candidate: Candidate, session: DraftSession): number {
  const { id, target, tags } = session;
  const more = { session: id, target };
  const expires = expiryFor(candidate.request, candidate.rule);
  const carried = carriedBy(session, draft.sessionsOn(session.interface));
  const keep = (detail: string) =>
    decide(draft, candidate, { outcome: 'keep', reason: 'already', detail: sentence(detail, carried) }, more);
  if (target === null) return decide(draft, candidate, wait('target_starting', 'a session for it waits'));
  if (id === null) return keep('a session of this plan');
  const dead = deadTarget(draft, target);
  if (dead !== null) {
    const over = refusedCall(draft, id) ?? { outcome: 'release', reason: 'target_gone', detail: dead };
    const decision = decide(draft, candidate, over, more);
    if (over.outcome === 'release') draft.act(decision, { kind: 'delete-session', id });
    return decision;
  }
  if (expires === null) return keep('');
  const until = readTagTime(tags[TAG.expires]);
  if (until === null) return keep(`its tag ${TAG.expires} is not a time`);
  if (expires <= until || expires <= draft.world.now) return keep(`until ${tagTime(until)}`);
  const refused = refusedCall(draft, id);
  if (refused !== null) return decide(draft, candidate, refused, more);
  const detail = sentence(`until ${tagTime(expires)}, before ${tagTime(until)}`, carried);
  const decision = decide(draft, candidate, { outcome: 'extend', reason: 'extended', detail }, more);
  draft.act(decision, { kind: 'set-tags', id, tags: { [TAG.expires]: tagTime(expires) } });
  return decision;
}

/** Somebody took it away, and nothing has happened since that would ask for it anew. */
function leftAlone({ request, source }: Candidate, memory: MirrorMemory): Verdict | null {
  const upTo = memory.released(request.finding?.id ?? null, source.id);
  const asked = request.finding?.updatedAt ?? request.at;
  return upTo === null || asked > upTo ? null : refuse('released', '');
}

function overdue({ request, rule }: Candidate, now: number): Verdict | null {
  const expires = expiryFor(request, rule);
  return expires === null || expires > now ? null : refuse('expired', `its time was up at ${tagTime(expires)}`);
}

const missingFilter = (draft: Draft, { filter }: MirrorRule): Verdict | null =>
  draft.filter(filter) === null ? refuse('filter_missing', filter) : null;

function targetFor(draft: Draft, { rule, source, request }: Candidate): Step {
  const { target } = rule;
  return target.by === 'id'
    ? namedTarget(draft, rule, target.ids, source)
    : launchedTarget(draft, rule, target, source, request);
}

const hasCall = (step: Step): step is Extract<Step, { call: AnyAction }> => 'call' in step;

/** Exactly one decision, with at most one call. */
export function decideSource({ draft, rules, memory, hosts }: Planning, candidate: Candidate): number {
  const { request, source, instance, rule } = candidate;
  const there = sessionFor(draft, source.id, request);
  if (there !== null) return keepOrExtend(draft, candidate, there);

  const verdict =
    leftAlone(candidate, memory) ??
    overdue(candidate, draft.world.now) ??
    unusable(draft, rules, hosts, source, instance) ??
    missingFilter(draft, rule) ??
    isFull(draft, source.id) ??
    guarded(draft, rules, rule, source.id) ??
    refusedCall(draft, purposeOn(source.id, purposeFor(request)));
  if (verdict !== null) return decide(draft, candidate, verdict);

  const number = freeNumber(draft, source.id);
  if (number === null) return decide(draft, candidate, wait('failed', 'EC2 calls every session number taken'));
  const expires = expiryFor(request, rule);
  const step = targetFor(draft, candidate);
  if ('verdict' in step) {
    const decision = decide(draft, candidate, step.verdict);
    if (hasCall(step)) draft.act(decision, step.call);
    const tags = sessionTags(request, rule, expires);
    const { filter, packetLength, virtualNetworkId } = rule;
    const place = { interface: source.id, number, tags, filter, packetLength, virtualNetworkId };
    if (step.verdict.reason === 'target_starting') draft.reserve(place);
    return decision;
  }
  const { target } = step;
  const { filter, packetLength } = rule;
  const carried = carriedBy({ number, target, filter, packetLength }, draft.sessionsOn(source.id));
  const notes = [
    ...[step.detail, carried, untested(instance), unmeasured(draft, rules, source.id)],
    draft.filter(rule.filter)?.rules === 0 ? `${rule.filter} has no rules: it mirrors nothing` : '',
  ];
  const wanted: Verdict = { outcome: 'create', reason: 'wanted', detail: sentence(...notes) };
  const decision = decide(draft, candidate, wanted, { target });
  const ended = memory.ended(request.finding?.id ?? null, source.id);
  const session = newSession(draft.world, { request, source, rule, target, number, expires, ended });
  draft.act(decision, { kind: 'create-session', session });
  return decision;
}

/** Its interface was refused as gone in a round before. */
export const goneBefore = (draft: Draft, id: string): Verdict | null => {
  const met = draft.meets('interface-gone', id);
  return met === null ? null : refuse('interface_gone', `${met.code}: ${met.message}`);
};

// Turns a rule that launches its targets into the target to use, or the next step towards one.
//
//   (none) ──run-instance──> pending ──(EC2)──> running ──create-target──> target ──> sessions
//      ^                        │ not running after START_GRACE                │ full
//      └──── failed <───────────┘ (the housekeeping terminates it)             └──> the next instance, one at a time
import type { MirrorInstance, MirrorInterface, MirrorTarget } from '../../../schemas/mirroring/account.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRule, RuleTarget } from '../../../schemas/mirroring/rules.ts';
import type { AnyAction, Draft } from '../draft.ts';
import { EC2_LIMITS, FAILURE_SPAN, MAX_FAILED_INSTANCES, START_GRACE } from '../limits.ts';
import { newInstance, newTarget } from '../new-session.ts';
import { isOurs } from '../owned.ts';
import { subjectOfInstance } from '../reactions.ts';
import { refuse, type Verdict, wait } from '../wanted.ts';
import { firstWithRoom, isFullTarget, type TargetChoice } from './targets.ts';

type Launch = Extract<RuleTarget, { by: 'launch' }>;

/** A step towards a target: what is decided for the interface that needs it, and the call, where it is the first. */
export type Step = TargetChoice | { readonly verdict: Verdict; readonly call: AnyAction };

/** EC2 has no room for the instance just now: it is asked again. */
const PASSING = /^((Server\.)?Insufficient\w*|InstanceLimitExceeded|VcpuLimitExceeded)$/;

const ended = ({ state }: MirrorInstance): boolean => state !== 'pending' && state !== 'running';

/** Of the rule as it stands in the file: one of another type or image is left to run empty. */
const isOfRule =
  (rule: MirrorRule, spec: Launch) =>
  (instance: MirrorInstance): boolean =>
    isOurs(instance) &&
    instance.tags[TAG.rule] === rule.name &&
    instance.type === spec.instanceType &&
    instance.image === spec.image;

/** One that never came to be used: the housekeeping marks those that were. */
const isFailed = (instance: MirrorInstance, now: number): boolean =>
  (ended(instance) || (instance.state === 'pending' && instance.launched + START_GRACE <= now)) &&
  instance.tags[TAG.emptySince] === undefined &&
  instance.launched + FAILURE_SPAN > now;

/** Its first interface, which a target is made on. */
const primaryOf = (instance: MirrorInstance): string | null =>
  (instance.interfaces.find(({ deviceIndex }) => deviceIndex === 0) ?? instance.interfaces[0])?.id ?? null;

/** What EC2 said to the call before, as a decision; null: nothing. */
export function refusedCall(draft: Draft, subject: string): Verdict | null {
  const denied = draft.meets('denied', subject);
  if (denied !== null) return wait('denied', `${denied.code}: ${denied.message}`);
  const later = draft.meets('later', subject);
  if (later !== null) return wait('failed', `${later.code}: ${later.message}`);
  const failed = draft.meets('failed', subject);
  return failed === null ? null : refuse('failed', `${failed.code}: ${failed.message}`);
}

/**
 * The target of the rule in the source's subnet (or the rule's own) that has room; else what is waited for, with the call
 * that this plan is the first to make, or why nothing more is tried.
 */
export function launchedTarget(
  draft: Draft,
  rule: MirrorRule,
  spec: Launch,
  source: MirrorInterface,
  request: MirrorRequest,
): Step {
  const subnet = spec.subnet ?? source.subnet;
  const { now } = draft.world;
  const all = draft.world.managedInstances.filter(isOfRule(rule, spec)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const here = all.filter((instance) => instance.subnet === subnet && instance.tags[TAG.emptySince] === undefined);
  const running = here.filter(({ state }) => state === 'running');

  const targets = running.flatMap((host) => targetsOn(draft, host));
  const target = firstWithRoom(draft, targets, source);
  if (target !== null) return { target: target.id, detail: '' };

  for (const host of running) {
    const step = targetOn(draft, rule, host);
    if (step !== null) return step;
  }
  const pending = here.find((one) => one.state === 'pending' && !isFailed(one, now));
  if (pending !== undefined) return { verdict: wait('target_starting', `${pending.id} is pending`) };

  const unfit = running.filter((host) => isUnfit(draft, host) || targetsOn(draft, host).some(isRefused(draft)));
  const failed = [...all.filter((instance) => isFailed(instance, now)), ...unfit];
  if (failed.length >= MAX_FAILED_INSTANCES) {
    const ids = failed.map(({ id }) => id).join(', ');
    return { verdict: refuse('target_failed', `they never took packets: ${ids}`) };
  }
  return start(draft, rule, spec, subnet, { request, before: all.map(({ id }) => id) });
}

/** Targets of ours on the instance. */
export const targetsOn = (draft: Draft, host: MirrorInstance): readonly MirrorTarget[] => {
  const ids = new Set(host.interfaces.map(({ id }) => id));
  const on = [...draft.targets.values()].filter((target) => target.interface !== null && ids.has(target.interface));
  return on.filter(isOurs).toSorted((a, b) => (a.id < b.id ? -1 : 1));
};

/** EC2 calls it full, and nobody sees by whom. */
const isRefused =
  (draft: Draft) =>
  (target: MirrorTarget): boolean =>
    draft.meets('target-full', target.id) !== null && !isFullTarget(draft, target);

/** Its interface cannot become a target: it is a source, or EC2 says no. */
function isUnfit(draft: Draft, host: MirrorInstance): boolean {
  const on = primaryOf(host);
  if (on === null) return true;
  if (draft.targetInterfaces.has(on)) return false;
  const refused = ['interface-is-source', 'interface-gone', 'interface-unsupported'] as const;
  return draft.sessionsOn(on).length > 0 || refused.some((what) => draft.meets(what, on) !== null);
}

/** The target of a host that has none; null where it has one, or can have none. */
function targetOn(draft: Draft, rule: MirrorRule, host: MirrorInstance): Step | null {
  const networkInterface = primaryOf(host);
  if (networkInterface === null) return null;
  const starting = wait('target_starting', `${host.id} runs, its target is being made`);
  // A target that was made just now, and that EC2 does not find yet.
  const isBehind = draft.world.targets.some((one) => one.interface === networkInterface && draft.isGone(one.id));
  if (isBehind) return { verdict: starting };
  if (draft.targetInterfaces.has(networkInterface) || isUnfit(draft, host)) return null;
  if (draft.meets('interface-is-target', networkInterface) !== null) return { verdict: starting };
  const refused = refusedCall(draft, networkInterface);
  if (refused !== null) return { verdict: refused };
  const isMade = draft.has((action) => action.kind === 'create-target' && action.target.interface === networkInterface);
  if (isMade) return { verdict: starting };
  if (draft.ownTargets >= EC2_LIMITS.targets || draft.meets('account-targets-full') !== null) {
    return { verdict: refuse('account_full', `the account has ${draft.ownTargets} targets`) };
  }
  const target = newTarget(draft.world, rule, { interface: networkInterface });
  return { verdict: starting, call: { kind: 'create-target', target } };
}

function start(
  draft: Draft,
  rule: MirrorRule,
  spec: Launch,
  subnet: string,
  { request, before }: { readonly request: MirrorRequest; readonly before: readonly string[] },
): Step {
  const subject = subjectOfInstance(rule.name, subnet);
  const failed = draft.meets('instance-failed', subject);
  if (failed !== null) {
    const detail = `${failed.code}: ${failed.message}`;
    return { verdict: PASSING.test(failed.code) ? wait('target_failed', detail) : refuse('target_failed', detail) };
  }
  const refused = refusedCall(draft, subject);
  if (refused !== null) return { verdict: refused };
  const starting = wait('target_starting', `a ${spec.instanceType} in ${subnet} is being started`);
  const isStarted = draft.has(
    (action) =>
      action.kind === 'run-instance' &&
      action.instance.subnet === subnet &&
      action.instance.tags[TAG.rule] === rule.name,
  );
  if (isStarted) return { verdict: starting };
  if (draft.ownTargets >= EC2_LIMITS.targets) {
    return { verdict: refuse('account_full', `the account has ${draft.ownTargets} targets`) };
  }
  const cause = { key: request.key, at: request.at, before };
  const instance = newInstance(draft.world, rule, spec, subnet, cause);
  return { verdict: starting, call: { kind: 'run-instance', instance } };
}

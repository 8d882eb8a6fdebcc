// Turns an interface into why EC2 cannot mirror it, or nobody should; null where it can be a source.
import type { MirrorInstance, MirrorInterface } from '../../schemas/mirroring/account.ts';
import type { MirrorRequest } from '../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../schemas/mirroring/rules.ts';
import type { Draft } from './draft.ts';
import { namedSession } from './earlier-sessions.ts';
import { familyOf, mirrorSupport } from './families.ts';
import { EC2_LIMITS, READ_LAG } from './limits.ts';
import { isOurs } from './owned.ts';
import { refuse, type Verdict, wait } from './wanted.ts';

/** Instances that host a target that we made or that a rule names, and all that we made: never mirrored. */
export function targetHosts(draft: Draft, rules: MirrorRules): ReadonlySet<string> {
  const ruled = rules.regions.get(draft.world.region) ?? [];
  const named = new Set(ruled.flatMap(({ target }) => (target.by === 'id' ? target.ids : [])));
  const targets = draft.world.targets.filter((target) => isOurs(target) || named.has(target.id));
  const hosts = targets.flatMap((target) => draft.interface(target.interface ?? '')?.instance ?? []);
  return new Set([...hosts, ...draft.world.managedInstances.filter(isOurs).map(({ id }) => id)]);
}

/** Of the instance alone: whether there is traffic to mirror. */
export function notRunning(id: string, instance: MirrorInstance | null): Verdict | null {
  if (instance === null) return refuse('instance_gone', `${id} is not there`);
  if (instance.state === 'running') return null;
  return (instance.state === 'pending' ? wait : refuse)('instance_gone', `${id} is ${instance.state}`);
}

/** Of a launch that EC2 has just told of: its answers may be behind its events. */
export function notYetThere(
  request: MirrorRequest,
  id: string,
  instance: MirrorInstance | null,
  now: number,
): Verdict | null {
  const isNew = request.cause === 'launch' && request.at + READ_LAG > now;
  return instance === null && isNew ? wait('instance_gone', `${id} is not there yet`) : null;
}

function unsupportedKind(draft: Draft, { id, kind, requesterManaged, addresses }: MirrorInterface): Verdict | null {
  if (kind !== 'interface') return refuse('interface_kind', `${id} is of the kind ${kind}`);
  if (requesterManaged) return refuse('interface_kind', `${id} is managed by another service of AWS`);
  if (addresses.length > 0 && !addresses.some((address) => address.includes('.'))) {
    return refuse('interface_kind', `${id} has no IPv4 address, and EC2 does not mirror subnets of IPv6 alone`);
  }
  const met = draft.meets('interface-unsupported', id);
  return met === null ? null : refuse('family', `${met.code}: ${met.message}`);
}

function unsupportedFamily({ type }: MirrorInstance, { denyFamilies }: MirrorRules): Verdict | null {
  const family = familyOf(type);
  if (denyFamilies.some((denied) => denied.toLowerCase() === family)) {
    return refuse('family', `${type}: denyFamilies has ${family}`);
  }
  return mirrorSupport(type) === 'unsupported' ? refuse('family', `EC2 does not mirror ${type}`) : null;
}

/** Whether the interface may be a source at all. `hosts`: of `targetHosts`. */
export function unusable(
  draft: Draft,
  rules: MirrorRules,
  hosts: ReadonlySet<string>,
  source: MirrorInterface,
  instance: MirrorInstance,
): Verdict | null {
  if (draft.targetInterfaces.has(source.id)) return refuse('is_target', `${source.id} is a mirror target`);
  const met = draft.meets('interface-is-target', source.id);
  if (met !== null) return refuse('is_target', `${met.code}: ${met.message}`);
  if (hosts.has(instance.id)) return refuse('is_target', `${instance.id} hosts a mirror target`);
  return unsupportedKind(draft, source) ?? unsupportedFamily(instance, rules);
}

/** EC2's own limits of the interface and the account. */
export function isFull(draft: Draft, source: string): Verdict | null {
  const held = draft.sessionsOn(source);
  const met = draft.meets('sessions-full', source);
  if (held.length >= EC2_LIMITS.sessionsPerInterface || met !== null) {
    const by = held.length === 0 ? `${met?.code}: ${met?.message}` : `mirrored by ${held.map(namedSession).join(', ')}`;
    return refuse('sessions_full', by);
  }
  const full = draft.meets('account-sessions-full');
  if (draft.sessions < EC2_LIMITS.sessions && full === null) return null;
  return refuse(
    'account_full',
    full === null ? `the account has ${draft.sessions} sessions` : `${full.code}: ${full.message}`,
  );
}

/**
 * The lowest session number that nobody uses on the interface, as far as the read and EC2's refusals of this turn say;
 * null where EC2 called more numbers taken than an interface can have sessions.
 */
export function freeNumber(draft: Draft, source: string): number | null {
  const taken = new Set(draft.sessionsOn(source).map(({ number }) => number));
  let refused = 0;
  for (let number: number = EC2_LIMITS.firstNumber; number <= EC2_LIMITS.lastNumber; number += 1) {
    if (taken.has(number)) continue;
    if (draft.meets('number-taken', source, String(number)) === null) return number;
    refused += 1;
    if (refused >= EC2_LIMITS.sessionsPerInterface) return null;
  }
  return null;
}

/** Said where EC2's list does not name the family. */
export const untested = ({ type }: MirrorInstance): string =>
  mirrorSupport(type) === 'unknown' ? `EC2's list of families does not name ${familyOf(type)}: tried` : '';

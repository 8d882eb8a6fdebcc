// Turns what was decided into the parameters of the calls that make a session, a target or a target instance.
import type { MirrorInterface, NewInstance, NewSession, NewTarget, Tags } from '../../schemas/mirroring/account.ts';
import { TAG } from '../../schemas/mirroring/account.ts';
import type { MirrorRequest, MirrorWorld } from '../../schemas/mirroring/plan.ts';
import type { MirrorRule, RuleTarget } from '../../schemas/mirroring/rules.ts';
import { tagTime } from './tag-time.ts';
import { clientToken } from './tokens.ts';

const MAX_DESCRIPTION = 255; // characters; EC2 refuses more
const MAX_TAG = 256;

type Place = Pick<MirrorWorld, 'account' | 'region'>;

const short = (text: string, most: number): string => text.slice(0, most);

/** `why` of a session in few words: the finding's type, or the cause and its instance. */
const aboutOf = ({ cause, finding, instances }: MirrorRequest): string =>
  finding === null ? `${cause} of ${instances[0] ?? 'an instance'}` : finding.type;

export interface SessionParts {
  readonly request: MirrorRequest;
  readonly source: MirrorInterface;
  readonly rule: MirrorRule;
  readonly target: string;
  readonly number: number;
  /** Unix ms; null: of a launch or an instance that is there. */
  readonly expires: number | null;
  /** How many there were for the same that are not there any more: EC2 answers an old token with an old session. */
  readonly ended: number;
}

/** Whose it is, why, by which rule and until when. */
export function sessionTags(request: MirrorRequest, rule: MirrorRule, expires: number | null): Tags {
  const { cause, finding } = request;
  return {
    [TAG.managed]: 'true',
    [TAG.cause]: cause,
    [TAG.rule]: rule.name,
    ...(finding === null ? {} : { [TAG.finding]: finding.id }),
    ...(expires === null ? {} : { [TAG.expires]: tagTime(expires) }),
    [TAG.name]: short(`vpcflow ${aboutOf(request)}`, MAX_TAG),
  };
}

/** A session with the tags that say whose it is; the same parts always make the same call. */
export function newSession(place: Place, parts: SessionParts): NewSession {
  const { request, source, rule, target, number, expires, ended } = parts;
  const { finding } = request;
  const tags = sessionTags(request, rule, expires);
  const session = {
    ...{ interface: source.id, target, filter: rule.filter, number, tags },
    ...{ virtualNetworkId: rule.virtualNetworkId, packetLength: rule.packetLength },
    description: short(`vpcflow: ${aboutOf(request)}`, MAX_DESCRIPTION),
  };
  const asked = { key: request.key, at: request.at, updatedAt: finding?.updatedAt ?? null };
  const again = ended === 0 ? {} : { ended };
  return { ...session, token: clientToken('session', { ...placeOf(place), ...asked, ...again, ...session }) };
}

const placeOf = ({ account, region }: Place) => ({ account, region });

const hostTags = (rule: MirrorRule): Tags => ({
  [TAG.managed]: 'true',
  [TAG.rule]: rule.name,
  [TAG.name]: short(`vpcflow ${rule.name}`, MAX_TAG),
});

/** The target on a target instance's primary interface. */
export function newTarget(place: Place, rule: MirrorRule, host: { readonly interface: string }): NewTarget {
  const target = { interface: host.interface, description: `vpcflow: ${short(rule.name, 200)}`, tags: hostTags(rule) };
  return { ...target, token: clientToken('target', { ...placeOf(place), ...target }) };
}

/**
 * `cause`: what needs it, and the target instances of the rule that were there before: the same need makes the same
 * call, and the next need another.
 */
export function newInstance(
  place: Place,
  rule: MirrorRule,
  spec: Extract<RuleTarget, { by: 'launch' }>,
  subnet: string,
  cause: { readonly key: string; readonly at: number; readonly before: readonly string[] },
): NewInstance {
  const { instanceType, image, securityGroups } = spec;
  const instance = { instanceType, image, securityGroups, subnet, tags: hostTags(rule) };
  return { ...instance, token: clientToken('instance', { ...placeOf(place), ...cause, ...instance }) };
}

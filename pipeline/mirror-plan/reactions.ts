// Turns EC2's refusal of a call into what the next plan has to go around.
import { type MirrorRefusal, TAG } from '../../schemas/mirroring/account.ts';
import { type MirrorAction, type MirrorObstacle, NOT_CALLED } from '../../schemas/mirroring/plan.ts';
import { refusalText } from './permission.ts';
import { purposeOn, taggedPurpose } from './purpose.ts';

type What = MirrorObstacle['what'];

/** Codes, or patterns of codes, that mean the same for every call. Both spellings of what is not found are in use. */
const GENERAL: readonly (readonly [RegExp, What])[] = [
  [/^(UnauthorizedOperation|AuthFailure|AccessDenied(Exception)?|UnauthorizedAccess|OptInRequired)$/, 'denied'],
  [/^(InvalidClientTokenId|ExpiredToken|RequestExpired|SignatureDoesNotMatch|Blocked|PendingVerification)$/, 'denied'],
  [/^(RequestLimitExceeded|Throttling(Exception)?|ThrottledException|RequestThrottled(Exception)?)$/, 'later'],
  [/^(SlowDown|TooManyRequestsException|EC2ThrottledException|BandwidthLimitExceeded)$/, 'later'],
  [/^(Unavailable|ServiceUnavailable(Exception)?|InternalError|InternalFailure|InternalServerError)$/, 'later'],
  [/^(TimeoutError|RequestTimeout(Exception)?|NetworkingError|ECONN\w+|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN)$/, 'later'],
  [new RegExp(`^${NOT_CALLED}$`), 'later'],
  [/^TrafficMirrorSessionsPerInterfaceLimitExceeded$/, 'sessions-full'],
  [/^TrafficMirror(Sources|Sessions)PerTargetLimitExceeded$/, 'target-full'],
  [/^TrafficMirrorSessionLimitExceeded$/, 'account-sessions-full'],
  [/^TrafficMirrorTargetLimitExceeded$/, 'account-targets-full'],
  [/^InterfaceInUseByTrafficMirrorSession$/, 'interface-is-source'],
  [/^InterfaceInUseByTrafficMirrorTarget$/, 'interface-is-target'],
  [/^NetworkInterfaceNotSupported$/, 'interface-unsupported'],
  [/^InvalidNetworkInterfaceI[Dd]\.(NotFound|Malformed)$/, 'interface-gone'],
  [/^InvalidTrafficMirrorSession(Id)?\.?Not?Found$/, 'session-gone'],
  [/^InvalidID$/, 'session-gone'], // CreateTags, of any kind of thing
  [/^InvalidTrafficMirrorTarget(Id)?\.?Not?Found$/, 'target-gone'],
  [/^NetworkLoadBalancerNotFound(Exception)?$/, 'target-gone'],
  [/^InvalidTrafficMirrorFilter(Rule)?(Id)?\.?Not?Found$/, 'filter-gone'],
];

/** Which of the above a call can mean; one that it cannot is a plain failure. */
const POSSIBLE: Readonly<Record<MirrorAction['kind'], readonly What[]>> = {
  'create-session': [
    ...(['sessions-full', 'target-full', 'account-sessions-full', 'interface-is-target'] as const),
    ...(['interface-unsupported', 'interface-gone', 'target-gone', 'filter-gone', 'number-taken'] as const),
  ],
  'create-target': [
    ...(['account-targets-full', 'interface-is-source', 'interface-is-target', 'interface-gone'] as const),
    'interface-unsupported',
  ],
  'run-instance': [],
  'terminate-instance': [],
  'delete-session': ['session-gone'],
  'delete-target': ['target-gone'],
  'set-tags': ['session-gone', 'target-gone'],
  'remove-tags': ['session-gone', 'target-gone'],
};

/** What a refusal that is about the call as a whole concerns: the next plan does not make this call again. */
export function subjectOfCall(action: MirrorAction): string {
  switch (action.kind) {
    case 'create-session':
      return purposeOn(action.session.interface, taggedPurpose(action.session.tags));
    case 'create-target':
      return action.target.interface;
    case 'run-instance':
      return subjectOfInstance(action.instance.tags[TAG.rule] ?? '', action.instance.subnet);
    default:
      return action.id;
  }
}

export const subjectOfInstance = (rule: string, subnet: string): string => `${rule} ${subnet}`;

function whatOf(action: MirrorAction, { code, message }: Pick<MirrorRefusal, 'code' | 'message'>): What {
  // EC2 has no code of its own for a number that is taken; nor for the host of a target that is not there.
  if (action.kind === 'create-session' && code === 'InvalidParameterValue' && /session[\s-]*number/i.test(message)) {
    return 'number-taken';
  }
  if (action.kind === 'create-target' && code === 'InvalidTrafficMirrorTarget') return 'interface-gone';
  if (action.kind === 'create-session' && code === 'InvalidTrafficMirrorTarget') {
    return message.includes(action.session.interface) ? 'interface-gone' : 'target-gone';
  }
  const what = GENERAL.find(([pattern]) => pattern.test(code))?.[1] ?? 'failed';
  if (what === 'denied' || what === 'later') return what;
  if (POSSIBLE[action.kind].includes(what)) return what;
  return action.kind === 'run-instance' ? 'instance-failed' : 'failed';
}

function subjectsOf(action: MirrorAction, what: What): readonly string[] {
  switch (what) {
    case 'account-sessions-full':
    case 'account-targets-full':
      return [];
    case 'denied':
    case 'later':
    case 'failed':
    case 'instance-failed':
      return [subjectOfCall(action)];
    case 'number-taken':
      return action.kind === 'create-session' ? [action.session.interface, String(action.session.number)] : [];
    case 'target-full':
    case 'target-gone':
      return action.kind === 'create-session' ? [action.session.target] : [subjectOfCall(action)];
    case 'filter-gone':
      return action.kind === 'create-session' ? [action.session.filter] : [];
    case 'session-gone':
      return [subjectOfCall(action)];
    default:
      return action.kind === 'create-session' ? [action.session.interface] : [subjectOfCall(action)];
  }
}

/**
 * The reaction to each error code of EC2; `refusal` is what is left after the retries of what may pass. A code that
 * nobody knows is `failed`: this call is not made again by the plans of the same turn.
 */
export function obstacleOf(action: MirrorAction, refusal: Pick<MirrorRefusal, 'code' | 'message'>): MirrorObstacle {
  const what = whatOf(action, refusal);
  return { what, subjects: subjectsOf(action, what), code: refusal.code, message: refusalText(action.kind, refusal) };
}

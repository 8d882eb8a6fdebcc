// Turns a call about a session into the overlay after it and EC2's answer: every limit that EC2 has, with its own codes.
import type {
  MirrorAnswer,
  MirrorFilter,
  MirrorInstance,
  MirrorInterface,
  MirrorRefusal,
  MirrorSession,
  MirrorTarget,
  NewSession,
} from '../../schemas/mirroring/account.ts';
import { canMirror } from '../mirror-plan/families.ts';
import { EC2_LIMITS } from '../mirror-plan/limits.ts';
import { sourcesOfTarget } from '../mirror-plan/targets/target-sizes.ts';
import { askedFor, type Overlay, overridden, plannedId } from './overlay.ts';

/** What a change has to know of the planned account: the real one and the overlay together. */
export interface PlannedView {
  readonly sessions: readonly MirrorSession[];
  readonly targets: readonly MirrorTarget[];
  readonly filters: readonly MirrorFilter[];
  /** Those that the change is about, as far as they are there. */
  readonly interfaces: ReadonlyMap<string, MirrorInterface>;
  readonly instances: ReadonlyMap<string, MirrorInstance>;
}

/** The overlay after a call; the same one where it changes nothing. */
export interface Change<T> {
  readonly overlay: Overlay;
  readonly answer: MirrorAnswer<T>;
}

const MAX_PACKET_LENGTH = 8_500;
const MAX_VIRTUAL_NETWORK = 2 ** 24 - 1;

export const refusal = (code: string, message: string): MirrorRefusal => ({ ok: false, code, message });

/** Null where the token is of no earlier call. */
export const repeated = <T extends { readonly token: string; readonly asked: string }>(
  list: readonly T[],
  request: { readonly token: string },
): { readonly same: T } | MirrorRefusal | null => {
  const earlier = list.find((one) => one.token === request.token);
  if (earlier === undefined) return null;
  if (earlier.asked === askedFor(request)) return { same: earlier };
  return refusal('IdempotentParameterMismatch', `the token ${request.token} came with other parameters before`);
};

/** What EC2 says no with before it looks at the account. */
const malformed = (asked: NewSession): MirrorRefusal | null => {
  const { number, packetLength, virtualNetworkId } = asked;
  if (number < EC2_LIMITS.firstNumber || number > EC2_LIMITS.lastNumber)
    return refusal('InvalidParameterValue', `session number ${number} is not one of 1 to ${EC2_LIMITS.lastNumber}`);
  if (packetLength !== null && (packetLength < 1 || packetLength > MAX_PACKET_LENGTH))
    return refusal('InvalidParameterValue', `packet length ${packetLength} is not one of 1 to ${MAX_PACKET_LENGTH}`);
  if (virtualNetworkId !== null && (virtualNetworkId < 0 || virtualNetworkId > MAX_VIRTUAL_NETWORK))
    return refusal('InvalidParameterValue', `virtual network ${virtualNetworkId} is none of 24 bits`);
  return null;
};

const unsupported = (view: PlannedView, source: MirrorInterface): MirrorRefusal | null => {
  const instance = source.instance === null ? undefined : view.instances.get(source.instance);
  const isAttached = instance !== undefined && instance.state !== 'terminated';
  if (source.kind === 'interface' && !source.requesterManaged && isAttached && canMirror(instance.type)) return null;
  return refusal('NetworkInterfaceNotSupported', `${source.id} must be attached to a supported instance`);
};

/** How many sources a target takes; a load balancer or an endpoint takes any number. */
const roomOf = (view: PlannedView, target: MirrorTarget): number => {
  if (target.kind !== 'network-interface') return Infinity;
  const host = view.interfaces.get(target.interface ?? '')?.instance ?? '';
  return sourcesOfTarget(view.instances.get(host)?.type ?? null);
};

const beyondLimits = (view: PlannedView, asked: NewSession, target: MirrorTarget): MirrorRefusal | null => {
  const ofInterface = view.sessions.filter((one) => one.interface === asked.interface);
  if (ofInterface.length >= EC2_LIMITS.sessionsPerInterface)
    return refusal(
      'TrafficMirrorSessionsPerInterfaceLimitExceeded',
      `${asked.interface} has ${ofInterface.length} sessions already`,
    );
  if (ofInterface.some(({ number }) => number === asked.number))
    return refusal('InvalidParameterValue', `session number ${asked.number} is in use on ${asked.interface}`);
  const sources = new Set(view.sessions.filter((one) => one.target === target.id).map((one) => one.interface));
  const room = roomOf(view, target);
  if (!sources.has(asked.interface) && sources.size >= room)
    return refusal(
      'TrafficMirrorSourcesPerTargetLimitExceeded',
      `Sources per interface-target limit reached (${room + 1})`,
    );
  if (view.sessions.length >= EC2_LIMITS.sessions)
    return refusal('TrafficMirrorSessionLimitExceeded', `the account has ${view.sessions.length} sessions`);
  return null;
};

const refused = (view: PlannedView, asked: NewSession): MirrorRefusal | null => {
  const source = view.interfaces.get(asked.interface);
  if (source === undefined)
    return refusal('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${asked.interface}' does not exist`);
  const target = view.targets.find(({ id }) => id === asked.target);
  if (target === undefined)
    return refusal('InvalidTrafficMirrorTargetId.NotFound', `The target ID '${asked.target}' does not exist`);
  if (!view.filters.some(({ id }) => id === asked.filter))
    return refusal('InvalidTrafficMirrorFilterId.NotFound', `The filter ID '${asked.filter}' does not exist`);
  if (view.targets.some((one) => one.interface === asked.interface))
    return refusal('InterfaceInUseByTrafficMirrorTarget', `${asked.interface} is a mirror target`);
  return unsupported(view, source) ?? beyondLimits(view, asked, target);
};

/** EC2 gives a session a number that no other has. */
const freeVirtualNetwork = (view: PlannedView, id: string): number => {
  const taken = new Set(view.sessions.map((one) => one.virtualNetworkId));
  let free = Number.parseInt(id.slice(-6), 16);
  while (taken.has(free)) free = (free + 1) % (MAX_VIRTUAL_NETWORK + 1);
  return free;
};

/** Codes: IdempotentParameterMismatch, InvalidParameterValue, the unknown ids, what cannot be mirrored, and the limits. */
export const createSession = (overlay: Overlay, view: PlannedView, request: NewSession): Change<MirrorSession> => {
  const before = repeated(overlay.sessions, request);
  if (before !== null) return { overlay, answer: 'same' in before ? { ok: true, value: before.same.session } : before };
  const no = malformed(request) ?? refused(view, request);
  if (no !== null) return { overlay, answer: no };
  const { token, description: _, ...rest } = request;
  const id = plannedId('tms', token, overlay.made);
  const virtualNetworkId = request.virtualNetworkId ?? freeVirtualNetwork(view, id);
  const session: MirrorSession = { ...rest, id, virtualNetworkId };
  const sessions = [...overlay.sessions, { token, asked: askedFor(request), session }];
  return { overlay: { ...overlay, made: overlay.made + 1, sessions }, answer: { ok: true, value: session } };
};

/** A planned session is gone, one of the real account is remembered as one that would be; what is not there is done. */
export const deleteSession = (overlay: Overlay, view: PlannedView, id: string): Change<null> => {
  const answer = { ok: true, value: null } as const;
  const sessions = overlay.sessions.filter((one) => one.session.id !== id);
  if (sessions.length < overlay.sessions.length) return { overlay: { ...overlay, sessions }, answer };
  if (!view.sessions.some((one) => one.id === id)) return { overlay, answer };
  return { overlay: overridden(overlay, 'session', id, { deleted: true }), answer };
};

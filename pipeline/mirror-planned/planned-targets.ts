// Turns a call about a target, or about tags, into the overlay after it and EC2's answer.
import type { MirrorAnswer, MirrorTarget, NewTarget, Tags } from '../../schemas/mirroring/account.ts';
import { EC2_LIMITS } from '../mirror-plan/limits.ts';
import { askedFor, type Overlay, overridden, plannedId } from './overlay.ts';
import { type Change, type PlannedView, refusal, repeated } from './planned-sessions.ts';

const MAX_TAGS = 50; // of one thing

const refused = (view: PlannedView, { interface: source }: NewTarget): MirrorAnswer<never> | null => {
  if (!view.interfaces.has(source))
    return refusal('InvalidTrafficMirrorTarget', `The interface ID '${source}' does not exist`);
  if (view.targets.some((one) => one.interface === source))
    return refusal('InterfaceInUseByTrafficMirrorTarget', `${source} is a mirror target already`);
  if (view.sessions.some((one) => one.interface === source))
    return refusal('InterfaceInUseByTrafficMirrorSession', `${source} is the source of a mirror session`);
  if (view.targets.length >= EC2_LIMITS.targets)
    return refusal('TrafficMirrorTargetLimitExceeded', `the account has ${view.targets.length} targets`);
  return null;
};

/** `owner`: the account. Codes: those of an unknown interface, one that is a target or a source, and the limit. */
export const createTarget = (
  overlay: Overlay,
  view: PlannedView,
  request: NewTarget,
  owner: string,
): Change<MirrorTarget> => {
  const before = repeated(overlay.targets, request);
  if (before !== null) return { overlay, answer: 'same' in before ? { ok: true, value: before.same.target } : before };
  const no = refused(view, request);
  if (no !== null) return { overlay, answer: no };
  const { token, interface: source, tags } = request;
  const id = plannedId('tmt', token, overlay.made);
  const target: MirrorTarget = { id, kind: 'network-interface', interface: source, owner, tags };
  const targets = [...overlay.targets, { token, asked: askedFor(request), target }];
  return { overlay: { ...overlay, made: overlay.made + 1, targets }, answer: { ok: true, value: target } };
};

/** Code: TrafficMirrorTargetInUseException. What is not there is done. */
export const deleteTarget = (overlay: Overlay, view: PlannedView, id: string): Change<null> => {
  const answer = { ok: true, value: null } as const;
  const using = view.sessions.find((one) => one.target === id);
  if (using !== undefined)
    return { overlay, answer: refusal('TrafficMirrorTargetInUseException', `${id} is used by ${using.id}`) };
  const targets = overlay.targets.filter((one) => one.target.id !== id);
  if (targets.length < overlay.targets.length) return { overlay: { ...overlay, targets }, answer };
  if (!view.targets.some((one) => one.id === id)) return { overlay, answer };
  return { overlay: overridden(overlay, 'target', id, { deleted: true }), answer };
};

type TagChange = Readonly<Record<string, string | null>>;

const changed = (tags: Tags, change: TagChange): Tags => {
  const all = Object.entries({ ...tags, ...change });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
};

const NOT_FOUND = {
  tms: 'InvalidTrafficMirrorSessionId.NotFound',
  tmt: 'InvalidTrafficMirrorTargetId.NotFound',
  i: 'InvalidInstanceID.NotFound',
} as const;

/** Tags of a session, a target or an instance; a value of null removes one. Codes: the unknown id, TagLimitExceeded. */
export const changeTags = (overlay: Overlay, view: PlannedView, id: string, change: TagChange): Change<null> => {
  const answer = { ok: true, value: null } as const;
  const found =
    view.sessions.find((one) => one.id === id) ?? view.targets.find((one) => one.id === id) ?? view.instances.get(id);
  if (found === undefined) {
    const [kind = ''] = id.split('-');
    const code = kind in NOT_FOUND ? NOT_FOUND[kind as keyof typeof NOT_FOUND] : 'InvalidID';
    return { overlay, answer: refusal(code, `The ID '${id}' does not exist`) };
  }
  const tags = changed(found.tags, change);
  if (Object.keys(tags).length > MAX_TAGS)
    return { overlay, answer: refusal('TagLimitExceeded', `${id} would have more than ${MAX_TAGS} tags`) };
  if (overlay.sessions.some(({ session }) => session.id === id)) {
    const sessions = overlay.sessions.map((one) =>
      one.session.id === id ? { ...one, session: { ...one.session, tags } } : one,
    );
    return { overlay: { ...overlay, sessions }, answer };
  }
  if (overlay.targets.some(({ target }) => target.id === id)) {
    const targets = overlay.targets.map((one) =>
      one.target.id === id ? { ...one, target: { ...one.target, tags } } : one,
    );
    return { overlay: { ...overlay, targets }, answer };
  }
  if (overlay.instances.some(({ instance }) => instance.id === id)) {
    const instances = overlay.instances.map((one) =>
      one.instance.id === id ? { ...one, instance: { ...one.instance, tags } } : one,
    );
    return { overlay: { ...overlay, instances }, answer };
  }
  const kind = 'filter' in found ? 'session' : 'owner' in found ? 'target' : 'instance';
  return { overlay: overridden(overlay, kind, id, { tags: change }), answer };
};

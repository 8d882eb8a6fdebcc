// Turns a call about an instance into the overlay after it and EC2's answer, and the overlay into the instances in it.
import type { MirrorInstance, MirrorInterface, NewInstance } from '../../schemas/mirroring/account.ts';
import { askedFor, type Overlay, overridden, type PlannedInstance, plannedId } from './overlay.ts';
import { type Change, type PlannedView, repeated } from './planned-sessions.ts';

/** EC2 shows a terminated instance for about an hour. */
const SHOWN_TERMINATED_MS = 3_600_000;

/** Where a subnet lies; empty texts where nobody knows. */
export type SubnetPlace = Pick<MirrorInterface, 'vpc' | 'zone'>;

/** The planned instances of a moment (Unix ms): running, or terminated and still shown. */
export const plannedInstances = (overlay: Overlay, now: number): readonly MirrorInstance[] =>
  overlay.instances.filter((one) => isShown(one, now)).map(({ instance }) => instance);

const isShown = ({ ended }: PlannedInstance, now: number): boolean =>
  ended === null || now - ended < SHOWN_TERMINATED_MS;

/** The instance as EC2 answers: pending. From the next read on it runs. */
export const runInstance = (
  overlay: Overlay,
  request: NewInstance,
  place: SubnetPlace,
  now: number,
): Change<MirrorInstance> => {
  const before = repeated(overlay.instances, request);
  if (before !== null)
    return { overlay, answer: 'same' in before ? { ok: true, value: before.same.instance } : before };
  const { token, instanceType: type, image, subnet, tags } = request;
  const id = plannedId('i', token, overlay.made);
  const where = { subnet, ...place };
  const port: MirrorInterface = {
    ...{ ...where, id: plannedId('eni', token, overlay.made), instance: id, deviceIndex: 0 },
    ...{ kind: 'interface', requesterManaged: false, addresses: [] },
  };
  const instance: MirrorInstance = {
    ...{ ...where, id, type, image, tags, state: 'running', launched: now, interfaces: [port] },
  };
  const kept = overlay.instances.filter((one) => isShown(one, now));
  const instances = [...kept, { token, asked: askedFor(request), instance, ended: null }];
  return {
    overlay: { ...overlay, made: overlay.made + 1, instances },
    answer: { ok: true, value: { ...instance, state: 'pending' } },
  };
};

/** A planned instance is terminated, one of the real account is remembered as one that would be. */
export const terminateInstance = (overlay: Overlay, view: PlannedView, id: string, now: number): Change<null> => {
  const answer = { ok: true, value: null } as const;
  if (overlay.instances.some(({ instance }) => instance.id === id)) {
    const instances = overlay.instances
      .filter((one) => isShown(one, now))
      .map((one): PlannedInstance => {
        if (one.instance.id !== id || one.ended !== null) return one;
        return { ...one, instance: { ...one.instance, state: 'terminated', interfaces: [] }, ended: now };
      });
    return { overlay: { ...overlay, instances }, answer };
  }
  if (!view.instances.has(id)) return { overlay, answer };
  return { overlay: overridden(overlay, 'instance', id, { deleted: true }), answer };
};

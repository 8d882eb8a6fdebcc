// Tells which targets take no packets any more: their interface is not there, or its instance was terminated.
import type { Draft } from './draft.ts';

/**
 * Why, as a sentence; null: it takes packets, as far as anybody can see. An interface of another account is not seen.
 * That of each target that our sessions and rules name was asked for.
 */
export function deadTarget(draft: Draft, id: string): string | null {
  const target = draft.targets.get(id);
  if (target?.kind !== 'network-interface' || target.interface === null) return null;
  if (target.owner !== '' && target.owner !== draft.world.account) return null;
  const on = draft.interface(target.interface);
  if (on === null) return `${target.interface} of ${id} is not there any more`;
  const state = on.instance === null ? undefined : draft.instance(on.instance)?.state;
  return state === 'terminated' || state === 'shutting-down' ? `${on.instance} of ${id} is ${state}` : null;
}

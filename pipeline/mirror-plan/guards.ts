// Turns one more session into whether the rule file's own limits allow it: how many, what they cost, what they carry.
import type { MirrorRule, MirrorRules } from '../../schemas/mirroring/rules.ts';
import type { Draft } from './draft.ts';
import { refuse, type Verdict } from './wanted.ts';

const SMALLEST_PRICE = 1e-9; // USD: sums of prices are compared no finer

/** Of the interfaces with our sessions and the candidate; one that the digests do not know counts 0. */
function bandwidth(draft: Draft, candidate: string, most: number): Verdict | null {
  const { mbps } = draft.world;
  let total = draft.sources.has(candidate) ? 0 : (mbps.get(candidate) ?? 0);
  for (const id of draft.sources.keys()) total += mbps.get(id) ?? 0;
  if (total <= most) return null;
  const all = [...new Set([...draft.sources.keys(), candidate])];
  const unknown = all.filter((id) => !mbps.has(id)).length;
  const known = `${unknown} of ${all.length} interfaces unknown to the digests`;
  return refuse('bandwidth', `${total.toFixed(1)} of ${most} Mbit/s, ${known}`);
}

/** Null: it may be made. */
export function guarded(draft: Draft, rules: MirrorRules, rule: MirrorRule, candidate: string): Verdict | null {
  const ofRule = draft.oursOf(rule.name);
  if (rule.maxSessions !== null && ofRule >= rule.maxSessions) {
    return refuse('max_sessions', `${rule.name} has ${ofRule} of ${rule.maxSessions} sessions`);
  }
  const count = draft.ours.size;
  if (rules.maxSessions !== null && count >= rules.maxSessions) {
    return refuse('max_sessions', `${count} of ${rules.maxSessions} sessions`);
  }
  const { maxCostPerHour, sessionPrice, maxMbps } = rules.guard;
  const cost = (count + 1) * sessionPrice;
  if (maxCostPerHour !== null && cost > maxCostPerHour + SMALLEST_PRICE) {
    return refuse('cost', `${count + 1} sessions would cost ${cost.toFixed(4)} USD an hour, of ${maxCostPerHour}`);
  }
  return maxMbps === null ? null : bandwidth(draft, candidate, maxMbps);
}

/** Said of a session that the bandwidth guard let pass without knowing the interface. */
export const unmeasured = (draft: Draft, rules: MirrorRules, candidate: string): string =>
  rules.guard.maxMbps === null || draft.world.mbps.has(candidate) ? '' : 'its bandwidth is unknown to the digests';

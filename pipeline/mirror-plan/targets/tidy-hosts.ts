// Turns target instances of ours that never ran, were stopped, or whose target is gone, into their termination.
import type { MirrorInstance } from '../../../schemas/mirroring/account.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { Draft } from '../draft.ts';
import { START_GRACE } from '../limits.ts';
import { isOurs } from '../owned.ts';
import { tagTime } from '../tag-time.ts';
import type { Verdict } from '../wanted.ts';
import { targetsOn } from './target-instances.ts';
import { decideCalls } from './tidy-targets.ts';

const release = (reason: Verdict['reason'], detail: string): Verdict => ({ outcome: 'release', reason, detail });

/** Why the instance is to be terminated; null: it is not, or not yet. */
function over(draft: Draft, host: MirrorInstance, grace: number): Verdict | null {
  const { now } = draft.world;
  const targets = targetsOn(draft, host);
  switch (host.state) {
    case 'pending':
      if (host.launched + START_GRACE > now) return null;
      return release('target_failed', `pending since ${tagTime(host.launched)}`);
    case 'stopped':
      // One with a target is tidied with it: sessions may still send there, to be seen again once it runs.
      return targets.length > 0 ? null : release('not_running', `${host.id} is stopped`);
    case 'running': {
      if (targets.length > 0) return null;
      if (host.tags[TAG.emptySince] !== undefined) return release('empty', 'its target is gone');
      const unused = host.launched + START_GRACE + grace <= now;
      return unused ? release('empty', `without a target since ${tagTime(host.launched)}`) : null;
    }
    default:
      return null;
  }
}

/** Instances that we made, by id. */
export function tidyHosts(draft: Draft, grace: number): void {
  const ours = draft.world.managedInstances.filter(isOurs).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  for (const host of ours) {
    const verdict = over(draft, host, grace);
    if (verdict === null) continue;
    const about = { instance: host.id, rule: host.tags[TAG.rule] ?? null };
    decideCalls(draft, verdict, about, [{ kind: 'terminate-instance', id: host.id }]);
  }
}

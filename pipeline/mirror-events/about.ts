// Reads of an event that asks for nothing whom it is about, as far as it says so: somebody may ask why there are no packets.
import type { IgnoredAbout } from '../../schemas/mirroring/events.ts';
import { ACCOUNT, FINDING_ID, REGION, TYPE } from './finding.ts';
import { type Block, JsonMembers } from './json-members.ts';
import { INSTANCE_ID } from './named.ts';

/** Nothing in it is believed that does not look like what it should be. `detail`: null where there is none. */
export function ignoredAbout(envelope: Block, detail: Block | null): IgnoredAbout {
  const members = new JsonMembers();
  const matching = (block: Block | null, name: string, pattern: RegExp): string | null => {
    const text = members.text(block, name);
    return text !== null && pattern.test(text) ? text : null;
  };
  const instance = members.block(members.block(detail, 'resource'), 'instanceDetails');
  const finding = matching(detail, 'id', FINDING_ID);
  const about = {
    account: matching(detail, 'accountId', ACCOUNT) ?? matching(envelope, 'account', ACCOUNT),
    region: matching(detail, 'region', REGION) ?? matching(envelope, 'region', REGION),
    instance: matching(detail, 'instance-id', INSTANCE_ID) ?? matching(instance, 'instanceId', INSTANCE_ID),
    finding,
    type: finding === null ? null : matching(detail, 'type', TYPE),
  };
  // Only what is known: most ignored events are about nobody here.
  return Object.fromEntries(Object.entries(about).filter(([, value]) => value !== null));
}

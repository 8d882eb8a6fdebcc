// Tells by its tags what is ours, and which finding or cause a session of ours is for.
import { TAG, type Tags } from '../../schemas/mirroring/account.ts';

/** What we made; nothing else is ever changed. */
export const isOurs = ({ tags }: { readonly tags: Tags }): boolean => tags[TAG.managed] === 'true';

/** What a session is for, on its interface: `finding <id>`, or `instance` for launches and instances that were there. */
export type Purpose = string;

export const purposeOfFinding = (finding: string): Purpose => `finding ${finding}`;
export const PURPOSE_OF_INSTANCE: Purpose = 'instance';

/** Of tags of ours; null where they do not say it, which we never make. */
export function purposeOf(tags: Tags): Purpose | null {
  const cause = tags[TAG.cause];
  const finding = tags[TAG.finding];
  if (finding !== undefined && finding !== '') return purposeOfFinding(finding);
  return cause === 'launch' || cause === 'existing' ? PURPOSE_OF_INSTANCE : null;
}

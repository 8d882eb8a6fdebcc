// Tells what a session is for: a finding, or an instance that was launched or was there; one of each on an interface.
import { TAG, type Tags } from '../../schemas/mirroring/account.ts';

/** `finding <id>`, or `instance` for launches and instances that were there. */
export type Purpose = string;

const PURPOSE_OF_INSTANCE: Purpose = 'instance';

/** Of a request, a row or a session: by the finding's id; null where there is none. */
export const purposeOf = (finding: string | null): Purpose =>
  finding === null ? PURPOSE_OF_INSTANCE : `finding ${finding}`;

/** Of tags of ours; null where they do not say it, which we never make. */
export function taggedPurpose(tags: Tags): Purpose | null {
  const cause = tags[TAG.cause];
  const finding = tags[TAG.finding];
  if (finding !== undefined && finding !== '') return purposeOf(finding);
  return cause === 'launch' || cause === 'existing' ? PURPOSE_OF_INSTANCE : null;
}

/** A purpose on an interface, as a key: there is to be one session for it. */
export const purposeOn = (networkInterface: string, purpose: Purpose | null): string =>
  `${networkInterface} ${purpose ?? ''}`;

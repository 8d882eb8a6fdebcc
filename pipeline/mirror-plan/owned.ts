// Tells by its tags what is ours.
import { TAG, type Tags } from '../../schemas/mirroring/account.ts';

/** What we made; nothing else is ever changed. */
export const isOurs = ({ tags }: { readonly tags: Tags }): boolean => tags[TAG.managed] === 'true';

// Turns who asks for mirroring into the key of the request, and a key back into who asks.

/** The state of a finding, or an instance that was launched or that was there. */
export type Asker =
  | { readonly cause: 'finding'; readonly finding: string; readonly updatedAt: number } // Unix ms
  | { readonly cause: 'launch' | 'existing'; readonly instance: string };

/** `finding/<id>/<updatedAt>`, `launch/<instance>`, `existing/<instance>`: the same when the same thing asks again. */
export const requestKey = (asker: Asker): string =>
  asker.cause === 'finding' ? `finding/${asker.finding}/${asker.updatedAt}` : `${asker.cause}/${asker.instance}`;

/** Null for text that is no key of ours. */
export function readRequestKey(key: string): Asker | null {
  const [, finding, updatedAt] = /^finding\/(.+)\/(-?\d+)$/s.exec(key) ?? [];
  if (finding !== undefined) return { cause: 'finding', finding, updatedAt: Number(updatedAt) };
  const [, cause, instance] = /^(launch|existing)\/(.+)$/s.exec(key) ?? [];
  if (instance === undefined) return null;
  return { cause: cause === 'launch' ? 'launch' : 'existing', instance };
}

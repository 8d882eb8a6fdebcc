// Reads and writes which rejects of a source were taken over by its replays.
import { parseReplayClaim, serialize } from '../../pipeline/documents.ts';
import { replayClaimKey, replayClaimPrefix, replaySource } from '../../pipeline/keys.ts';
import type { ReplayClaim } from '../../schemas/chain.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { readCommit } from '../shared/epoch-writer.ts';

/** The claims of a source's replays, from the first on. Throws VF_CHAIN_BROKEN when one is missing. */
export const readReplayClaims = async (store: ObjectStore, source: string): Promise<readonly ReplayClaim[]> => {
  const claims: ReplayClaim[] = [];
  for await (const { key } of store.list(replayClaimPrefix(source))) {
    const stored = await store.get(key);
    const claim = stored === null ? null : parseReplayClaim(key, stored.body);
    if (claim?.replay !== claims.length) {
      const missing = replayClaimKey(source, claims.length);
      throw new VpcflowError('VF_CHAIN_BROKEN', `${key} is there without ${missing}`);
    }
    claims.push(claim);
  }
  return claims;
};

/** The claim that has no commit yet: only the last can be without, since the next is made after its commit. */
export const openClaimOf = async (store: ObjectStore, claims: readonly ReplayClaim[]): Promise<ReplayClaim | null> => {
  const last = claims.at(-1);
  if (last === undefined) return null;
  const commit = await readCommit(store, last.arrival, replaySource(last.source, last.replay));
  return commit === null ? last : null;
};

/** Claims the next replay of a source; false when somebody else was first. */
export const putReplayClaim = async (store: ObjectStore, claim: ReplayClaim): Promise<boolean> => {
  const put = await store.put(replayClaimKey(claim.source, claim.replay), serialize(claim), { ifAbsent: true });
  return put.outcome === 'stored';
};

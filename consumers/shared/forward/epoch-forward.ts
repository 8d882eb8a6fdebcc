// Commits an epoch that is forwarded as well: it is staged before its commit, and released after it.
import type { EpochOutput } from '../../../pipeline/epoch/contents.ts';
import type { ForwardedObject } from '../../../pipeline/forward/entry.ts';
import { commitKey } from '../../../pipeline/keys.ts';
import type { ArrivalSpan } from '../../../schemas/chain.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { type CommitHead, commitEpoch } from '../epoch-writer.ts';

export interface ForwardedEpoch {
  readonly source: string;
  /** Key of the commit that makes it count; of an object that needs none, its own. */
  readonly commit: string;
  readonly arrival: ArrivalSpan;
  readonly output: { readonly objects: readonly ForwardedObject[] };
}

/** What is staged waits for its commit, also when this process ends before it. Neither rejects. */
export interface StagedEpoch {
  /** It is committed: it may be sent. */
  release(): Promise<void>;
  /** It never will be. */
  discard(): Promise<void>;
}

export interface EpochForward {
  /** Resolves when it is durable, or counted as dropped. Never rejects: the digests do not depend on it. */
  stage(epoch: ForwardedEpoch): Promise<StagedEpoch>;
}

/**
 * `commitEpoch`, with the epoch in the spool before it counts. Also one that is found committed: whoever did that may
 * have died before it was staged here.
 */
export const commitForwarded = async (
  store: ObjectStore,
  head: CommitHead,
  output: EpochOutput,
  forward: EpochForward | null,
): ReturnType<typeof commitEpoch> => {
  if (forward === null) return await commitEpoch(store, head, output);
  const { source, arrival } = head;
  const staged = await forward.stage({ source, commit: commitKey(arrival.first, source), arrival, output });
  const outcome = await commitEpoch(store, head, output);
  await (outcome === 'committed' ? staged.release() : staged.discard());
  return outcome;
};

// Commits an epoch that is forwarded as well: it is staged before its commit, and released after it.
import type { EpochOutput } from '../../../pipeline/epoch/contents.ts';
import { commitKey } from '../../../pipeline/keys.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { type CommitHead, commitEpoch } from '../../shared/epoch-writer.ts';
import type { Forwarder } from '../../shared/forward/forwarder.ts';

/**
 * `commitEpoch`, with the epoch in the spool before it counts. Also one that is found committed: whoever did that may
 * have died before it was staged here.
 */
export const commitForwarded = async (
  store: ObjectStore,
  head: CommitHead,
  output: EpochOutput,
  forward: Forwarder | null,
): ReturnType<typeof commitEpoch> => {
  if (forward === null) return await commitEpoch(store, head, output);
  const { source, arrival } = head;
  const staged = await forward.stage({ source, commit: commitKey(arrival.first, source), arrival, output });
  const outcome = await commitEpoch(store, head, output);
  await (outcome === 'committed' ? staged.release() : staged.discard());
  return outcome;
};

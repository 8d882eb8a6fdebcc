// Says how objects are forwarded: staged before they count in the store, released once they do.
import type { ForwardedObject } from '../../../pipeline/forward/entry.ts';
import type { ArrivalSpan } from '../../../schemas/chain.ts';

/** Objects that count together: an epoch of digests, an object of the audit of mirroring. */
export interface ForwardedBatch {
  readonly source: string;
  /** Key of the commit that makes it count; of an object that needs none, its own. */
  readonly commit: string;
  readonly arrival: ArrivalSpan;
  readonly output: { readonly objects: readonly ForwardedObject[] };
}

/** What is staged waits until it counts, also when this process ends before that. Neither rejects. */
export interface StagedBatch {
  /** It counts: it may be sent. */
  release(): Promise<void>;
  /** It never will. */
  discard(): Promise<void>;
}

export interface Forwarder {
  /** Resolves when it is durable, or counted as dropped. Never rejects: what is in the store does not depend on it. */
  stage(batch: ForwardedBatch): Promise<StagedBatch>;
}

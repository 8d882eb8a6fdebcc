// The seam to where everything lies: a directory or an S3 bucket behind the same four verbs.

/** A condition on a put. `ifAbsent`: only if no object has the key. `ifMatch`: only if the object still has this tag. */
export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/**
 * `stored`: durable, and (with a condition) ours alone won. `exists`: the condition did not hold, nothing was written.
 */
export type PutResult = { readonly outcome: 'stored'; readonly tag: string } | { readonly outcome: 'exists' };

export interface StoredObject {
  readonly body: Buffer;
  /** Opaque version of the content, for `ifMatch`. */
  readonly tag: string;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number; // bytes
  /** Another one whenever the content was replaced, for caches. `ifMatch` takes the tag of a `get` or `put`. */
  readonly tag: string;
}

/**
 * Keys are `/`-separated relative paths. Every method fails with a VpcflowError (VF_STORE_*) when the store cannot be
 * reached or answers wrongly after its own retries: the caller never continues past that. A failed put may or may not
 * have happened, except that an implementation resolves an ambiguous *conditional* put by reading before it answers.
 */
export interface ObjectStore {
  /** Human-readable place, for messages: a path or s3:// URI. */
  readonly uri: string;
  put(key: string, body: Uint8Array, condition?: PutCondition): Promise<PutResult>;
  /** The object, or null when there is none. An aborted signal may end it early; it then rejects. */
  get(key: string, options?: { readonly signal?: AbortSignal }): Promise<StoredObject | null>;
  /** All objects whose key begins with `prefix`, ascending by key (UTF-8 bytes), strictly after `after` when given. */
  list(prefix: string, options?: { readonly after?: string }): AsyncIterable<ListedObject>;
  /** Removing what is not there is no error. */
  remove(key: string): Promise<void>;
}

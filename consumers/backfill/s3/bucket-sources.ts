// Turns an s3:// operand into the objects that it names: the one of that key, or all that lie below that prefix.
import {
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isSibling, judgeKey, keyReader } from '../../../pipeline/s3-layout/key.ts';
import { planPrefix } from '../../../pipeline/s3-layout/plan.ts';
import { isEverything, type Selection } from '../../../pipeline/s3-layout/selection.ts';
import { statusOf } from '../../shared/store/s3-failure.ts';
import type { ListingFacts } from '../listing/listing-facts.ts';
import { SourceError } from '../listing/source-error.ts';
import type { TakenNames } from '../listing/taken-names.ts';
import type { SourceObject } from '../source-object.ts';
import { archivedTrouble, isArchived, listingTrouble, nothingThere, objectTrouble } from './trouble.ts';

export interface BucketListing {
  readonly client: S3Client;
  readonly selection: Selection;
  readonly facts: ListingFacts;
  /** What earlier operands named. */
  readonly taken: TakenNames;
  /** Where the store lies, '' or a prefix that ends in a slash: below an operand it is no source. Null: elsewhere. */
  readonly storePrefix: string | null;
}

type Found = SourceObject | SourceError;

interface Listed {
  readonly key: string;
  readonly size: number;
  readonly etag: string | null;
  readonly storageClass: string | undefined;
  readonly restored: boolean;
  readonly restoring: boolean;
}

/** Later than every key of the directory before it. */
const LAST = '\u{10fffd}';
/** After so many levels without a layout, what remains is listed in one pass. */
const MOST_SEARCHES = 200;

class BucketWalk {
  readonly #bucket: string;
  readonly #given: string;
  readonly #listing: BucketListing;
  readonly #store: string | null;
  readonly #read = keyReader();
  #searches = 0;
  /** Whether any answer named anything, and whether any was a refusal. */
  met = false;
  failed = false;
  /** Nobody can be asked any more, whatever the prefix: the rest of the operand stays unlisted. */
  #ended = false;

  constructor(bucket: string, given: string, listing: BucketListing) {
    this.#bucket = bucket;
    this.#given = given;
    this.#listing = listing;
    this.#store = listing.storePrefix?.startsWith(given) === true ? listing.storePrefix : null;
  }

  async *visit(prefix: string): AsyncGenerator<Found> {
    const { selection, facts } = this.#listing;
    if (this.#ended || this.#isOfStore(prefix)) return;
    const plan = isEverything(selection) ? ({ kind: 'flat' } as const) : planPrefix(prefix, selection, this.#given);
    switch (plan.kind) {
      case 'pruned':
        facts.prunedPrefixes++;
        return;
      case 'sibling':
        facts.siblings++;
        return;
      case 'these':
        for (const one of plan.prefixes) yield* this.visit(one);
        return;
      case 'flat':
        yield* this.#list(prefix, false);
        return;
      case 'levels':
        yield* this.#list(prefix, true);
        return;
      case 'search':
        yield* this.#list(prefix, this.#searches++ < MOST_SEARCHES);
        return;
    }
  }

  async *#list(prefix: string, byLevel: boolean): AsyncGenerator<Found> {
    const { facts } = this.#listing;
    facts.prefixes++;
    let from: { readonly ContinuationToken: string } | { readonly StartAfter: string } | undefined;
    do {
      let page: ListObjectsV2CommandOutput;
      try {
        page = await this.#page(prefix, byLevel, from);
      } catch (error) {
        this.failed = true;
        const trouble = listingTrouble(this.#bucket, prefix, error);
        this.#ended = trouble.code === 'VF_SERVICE';
        yield new SourceError(`s3://${this.#bucket}/${this.#ended ? this.#given : prefix}`, trouble);
        return;
      }
      facts.requests++;
      let last = '';
      for (const { Key, Size, ETag, StorageClass, RestoreStatus } of page.Contents ?? []) {
        last = Key ?? '';
        this.met ||= !this.#isOfStore(last);
        const found = this.object({
          ...{ key: last, size: Size ?? 0, etag: ETag ?? null, storageClass: StorageClass },
          restored: RestoreStatus?.RestoreExpiryDate !== undefined,
          restoring: RestoreStatus?.IsRestoreInProgress === true,
        });
        if (found !== null) yield found;
      }
      for (const { Prefix } of page.CommonPrefixes ?? []) {
        if (Prefix === undefined) continue;
        this.met ||= !this.#isOfStore(Prefix);
        yield* this.visit(Prefix);
      }
      from = this.#next(page, last, byLevel);
    } while (from !== undefined && !this.#ended);
  }

  async #page(
    prefix: string,
    byLevel: boolean,
    from: { readonly ContinuationToken: string } | { readonly StartAfter: string } | undefined,
  ): Promise<ListObjectsV2CommandOutput> {
    const page = await this.#listing.client.send(
      new ListObjectsV2Command({
        ...{ Bucket: this.#bucket, Prefix: prefix, ...from },
        ...(byLevel ? { Delimiter: '/' } : {}),
        OptionalObjectAttributes: ['RestoreStatus'],
      }),
    );
    if (page.IsTruncated === true && page.NextContinuationToken === undefined) {
      throw new Error('the listing breaks off: the server does not answer as S3 does');
    }
    return page;
  }

  /** Where the next page begins: past the directory that the last key lies in, where nothing of it is a source. */
  #next(
    { IsTruncated, NextContinuationToken: token }: ListObjectsV2CommandOutput,
    last: string,
    byLevel: boolean,
  ): { readonly ContinuationToken: string } | { readonly StartAfter: string } | undefined {
    if (IsTruncated !== true || token === undefined) return undefined;
    const outside = byLevel ? null : this.#outside(last);
    return outside === null ? { ContinuationToken: token } : { StartAfter: `${outside}${LAST}` };
  }

  /** The directory of a key of which nothing is a source, or null. */
  #outside(key: string): string | null {
    if (this.#isOfStore(key)) return this.#store;
    const { place } = this.#read(key);
    return isSibling(place, this.#given) ? `${key.split('/').slice(0, place.serviceAt).join('/')}/` : null;
  }

  #isOfStore(key: string): boolean {
    return this.#store !== null && key.startsWith(this.#store);
  }

  /** What a listed object is: a source, a problem, or (null) neither. */
  object({ key, size, etag, storageClass, restored, restoring }: Listed): Found | null {
    const { facts, selection, taken } = this.#listing;
    const name = `s3://${this.#bucket}/${key}`;
    if (this.#isOfStore(key) || taken.has(name)) return null;
    if (size === 0 || key.endsWith('/')) {
      facts.empty++;
      return null;
    }
    const told = this.#read(key);
    const verdict = judgeKey(told, selection, this.#given);
    if (verdict === 'sibling') facts.siblings++;
    if (verdict === 'pruned') facts.prunedObjects++;
    if (verdict === 'sibling' || verdict === 'pruned') return null;
    if (storageClass !== undefined && isArchived(storageClass) && !restored) {
      return new SourceError(name, archivedTrouble(name, storageClass, restoring));
    }
    if (verdict === 'unknown') facts.unknown++;
    facts.take(size, told.account, told.region, told.time?.from ?? null);
    return { kind: 's3', name, size, bucket: this.#bucket, key, etag, versionId: null };
  }
}

/** The object of exactly this key; null: there is none; otherwise what asking for it failed with. */
const headObject = async (
  { client, facts }: BucketListing,
  bucket: string,
  key: string,
): Promise<Listed | { readonly error: unknown } | null> => {
  try {
    const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    facts.heads++;
    return {
      ...{ key, size: found.ContentLength ?? 0, etag: found.ETag ?? null, storageClass: found.StorageClass },
      restored: found.Restore?.includes('expiry-date') === true,
      restoring: found.Restore?.includes('ongoing-request="true"') === true,
    };
  } catch (error) {
    if (statusOf(error) !== 404) return { error };
    facts.heads++;
    return null;
  }
};

/** Whether there is nothing but the store below a prefix, also where its parts were made up, not asked for. */
const isEmpty = async (listing: BucketListing, bucket: string, prefix: string): Promise<boolean> => {
  const { client, facts, storePrefix } = listing;
  const first = async (after: { readonly StartAfter?: string }): Promise<string | undefined> => {
    const one = { Bucket: bucket, Prefix: prefix, MaxKeys: 1, ...after };
    const { Contents = [] } = await client.send(new ListObjectsV2Command(one));
    facts.requests++;
    return Contents[0]?.Key;
  };
  const key = await first({});
  if (key === undefined || storePrefix === null || !key.startsWith(storePrefix)) return key === undefined;
  return (await first({ StartAfter: `${storePrefix}${LAST}` })) === undefined;
};

/**
 * `s3://bucket`, `s3://bucket/prefix` (what lies below the directory `prefix`, not `prefix-2`) or `s3://bucket/key`. What
 * cannot be listed is given as a problem in its place, and the rest goes on; nothing is thrown.
 * @param uri of a bucket whose name is well-formed.
 */
export async function* bucketSources(uri: string, listing: BucketListing): AsyncGenerator<Found> {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  const prefix = rest === '' || rest.endsWith('/') ? rest : `${rest}/`;
  const head = rest === prefix ? null : await headObject(listing, bucket, rest);
  if (head !== null && 'key' in head && head.size > 0) {
    const found = new BucketWalk(bucket, prefix, listing).object(head);
    listing.taken.add(`s3://${bucket}/${rest}`);
    if (found !== null) yield found;
    return;
  }
  const walk = new BucketWalk(bucket, prefix, listing);
  if (listing.taken.has(`s3://${bucket}/${prefix}`)) return;
  yield* walk.visit(prefix);
  if (!walk.failed) listing.taken.addBelow(`s3://${bucket}/${prefix}`);
  if (walk.met || walk.failed || (head !== null && 'key' in head)) return;
  try {
    if (!(await isEmpty(listing, bucket, prefix))) return;
  } catch (error) {
    yield new SourceError(uri, listingTrouble(bucket, prefix, error));
    return;
  }
  yield new SourceError(uri, head === null ? nothingThere(uri) : objectTrouble(uri, head.error));
}

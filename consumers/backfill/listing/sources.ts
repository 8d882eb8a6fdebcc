// Turns the SOURCE operands (files, directories, s3:// URIs) into the objects to read, given one by one as they are met.
import { resolve } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Selection } from '../../../pipeline/s3-layout/selection.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { parseS3Uri } from '../../shared/store/open.ts';
import type { SourceObject } from '../source-object.ts';
import { ListingFacts } from './listing-facts.ts';
import { LocalSources } from './local-sources.ts';
import { SourceError } from './source-error.ts';
import { TakenNames } from './taken-names.ts';

export interface Listing {
  /** URI of the store that is written to: where it lies below an operand, it is no source. */
  readonly store: string;
  readonly selection: Selection;
  /** Asked for once for each s3:// operand. What it rejects with is the problem of that operand. */
  readonly client: () => Promise<S3Client>;
  /** Grows while the sources are taken. */
  readonly facts?: ListingFacts;
}

/** @throws VF_USAGE for an operand that is no place in S3, nor a path. */
export const assertOperand = (operand: string): void => {
  if (!isUri(operand)) return;
  if (operand.startsWith('s3://')) parseS3Uri(operand);
  else {
    const help = 'give a file, a directory or s3://bucket/prefix';
    throw new VpcflowError('VF_USAGE', `${operand} is nothing that can be read`, { help });
  }
};

const isUri = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);

/** Where in a bucket the store lies: '' or a prefix that ends in a slash; null: elsewhere. */
const storePrefixIn = (bucket: string, store: string): string | null => {
  if (!store.startsWith('s3:')) return null;
  const place = parseS3Uri(store);
  if (place.bucket !== bucket) return null;
  return place.prefix === '' ? '' : `${place.prefix}/`;
};

/**
 * What the operands name, each object once, in their order and then in that of the names; never all in memory. What
 * cannot be read or listed is given as an error in its place that names what to give to list it again, and the rest goes on: VF_SOURCE_UNREADABLE, VF_USAGE for
 * an operand that is none, or VF_SERVICE where it is not the fault of the operand (credentials, network).
 */
export async function* listSources(
  operands: Iterable<string> | AsyncIterable<string>,
  { store, selection, client, facts = new ListingFacts() }: Listing,
): AsyncGenerator<SourceObject | SourceError> {
  const local = new LocalSources(selection, facts, store);
  const taken = new TakenNames();
  for await (const operand of operands) {
    if (!isUri(operand)) {
      yield* local.at(resolve(operand));
      continue;
    }
    try {
      assertOperand(operand);
      const storePrefix = storePrefixIn(parseS3Uri(operand).bucket, store);
      const { bucketSources } = await import('../s3/bucket-sources.ts');
      yield* bucketSources(operand, { client: await client(), selection, facts, taken, storePrefix });
    } catch (error) {
      if (!(error instanceof VpcflowError)) throw error;
      yield new SourceError(operand, error);
    }
  }
}

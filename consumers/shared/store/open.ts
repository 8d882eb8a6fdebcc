// Turns what --store says, a path or an s3:// URI, into the store that lies there.
import { fileURLToPath } from 'node:url';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { withoutUserInfo } from '../user-info.ts';
import { DirectoryStore } from './directory.ts';

const S3_URI = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/;

/** Bucket and prefix (without slashes around it) of an s3:// URI. Throws VF_USAGE. */
export const parseS3Uri = (uri: string): { readonly bucket: string; readonly prefix: string } => {
  const [, bucket, prefix = ''] = S3_URI.exec(uri) ?? [];
  if (bucket === undefined || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new VpcflowError(
      'VF_USAGE',
      `${withoutUserInfo(uri)} is no place in S3: give s3://bucket or s3://bucket/prefix`,
    );
  }
  return { bucket, prefix };
};

/**
 * `s3://bucket/prefix`, `file:///path`, or a path. Nothing is read or written yet: `checkLayout` and `ensureLayout` say
 * whether a store is there. Throws VF_USAGE for anything else. The S3 client is loaded only where it is needed.
 */
export const openStore = async (uri: string): Promise<ObjectStore> => {
  if (uri.startsWith('s3:')) {
    const { bucket, prefix } = parseS3Uri(uri);
    const [{ S3Store }, { createS3Client }] = await Promise.all([import('./s3.ts'), import('./s3-client.ts')]);
    return new S3Store(await createS3Client(), bucket, prefix);
  }
  if (uri.startsWith('file:')) return new DirectoryStore(fileURLToPath(uri));
  if (uri === '' || /^[a-z][a-z0-9+.-]+:\/\//i.test(uri)) {
    throw new VpcflowError(
      'VF_USAGE',
      `${JSON.stringify(withoutUserInfo(uri))} is no store: give a directory or s3://bucket/prefix`,
    );
  }
  return new DirectoryStore(uri);
};

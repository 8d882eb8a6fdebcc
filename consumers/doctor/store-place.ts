// Turns --store into the store that is examined: the one that a worker would use, with a client that gives up soon.
import { VpcflowError } from '../../schemas/errors.ts';
import { openStore, parseS3Uri } from '../shared/store/open.ts';
import { attempt, troubled } from './attempt.ts';
import { type Finding, fix, type Permission } from './check.ts';
import type { Examination } from './examination.ts';
import { checkDirectory, checkStore, type StorePermission } from './store-check.ts';

const S3_LIMITS = { connect: 4_000, attempts: 1, patience: 0, pause: 0 } as const;

/** Of a bucket, whose ARN says nothing of its region. */
const partitionOf = (region: string): string => {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
};

const s3Permission = (partition: string, bucket: string, prefix: string): StorePermission => {
  const place = `arn:${partition}:s3:::${bucket}`;
  const objects = `${place}/${prefix === '' ? '' : `${prefix}/`}*`;
  const actions: Readonly<Record<Parameters<StorePermission>[0], Permission>> = {
    put: { action: 's3:PutObject', resource: objects },
    get: { action: 's3:GetObject', resource: objects },
    list: { action: 's3:ListBucket', resource: place },
    remove: { action: 's3:DeleteObject', resource: objects },
  };
  return (step) => actions[step];
};

const checkS3 = async (examination: Examination, uri: string): Promise<readonly Finding[]> => {
  const { limit, clients } = examination;
  const { bucket, prefix } = parseS3Uri(uri);
  const region = await clients.kinesis.config.region().catch(() => '');
  const permission = s3Permission(partitionOf(region), bucket, prefix);
  const [{ S3Store }, { createS3Client }] = await Promise.all([
    import('../shared/store/s3.ts'),
    import('../shared/store/s3-client.ts'),
  ]);
  const opened = await attempt(examination, () => createS3Client({ ...S3_LIMITS, idle: limit, request: limit }));
  if ('trouble' in opened) return [troubled('store', `${uri} cannot be opened`, opened.trouble, permission('get'))];
  const client = opened.value;
  clients.watch(client);
  try {
    return await checkStore({ ...examination, store: new S3Store(client, bucket, prefix), permission });
  } finally {
    client.destroy();
  }
};

/** A refusal of the file system has no IAM action: the path is all that there is to name. */
const filePermission = (path: string): StorePermission => {
  return (step) => ({ action: `file:${step}`, resource: path });
};

export const checkStorePlace = async (examination: Examination): Promise<readonly Finding[]> => {
  const uri = examination.options.store;
  try {
    if (uri.startsWith('s3:')) return await checkS3(examination, uri);
    const store = await openStore(uri);
    const absent = await checkDirectory(store.uri);
    if (absent !== null) return [absent];
    return await checkStore({ ...examination, store, permission: filePermission(store.uri) });
  } catch (error) {
    if (error instanceof VpcflowError) return [fix('store', error.message, error.help)];
    throw error;
  }
};

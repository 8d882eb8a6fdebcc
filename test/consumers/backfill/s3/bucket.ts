// A bucket of a real S3 server behind a proxy that counts and fails, and the listing and fetching of it.
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { vi } from 'vitest';
import { ListingFacts } from '../../../../consumers/backfill/listing/listing-facts.ts';
import { SourceError } from '../../../../consumers/backfill/listing/source-error.ts';
import { listSources } from '../../../../consumers/backfill/listing/sources.ts';
import type { S3Source, SourceObject } from '../../../../consumers/backfill/source-object.ts';
import { createS3Client, type S3Limits } from '../../../../consumers/shared/store/s3-client.ts';
import { EVERYTHING, type Selection } from '../../../../pipeline/s3-layout/selection.ts';
import { type ProxiedRequest, type S3Proxy, startS3Proxy } from '../../../s3-proxy.ts';
import { type S3Server, s3Environment } from '../../../s3-server.ts';

export const BUCKET = 'flow-logs';

export const QUICK: S3Limits = {
  ...{ connect: 2_000, idle: 20_000, request: 20_000, attempts: 2, patience: 60_000, pause: 0 },
};

export interface Listed {
  readonly sources: readonly SourceObject[];
  readonly names: readonly string[]; // without s3://<bucket>/
  readonly problems: readonly SourceError[];
  readonly facts: ListingFacts;
  /** What the server was asked for. */
  readonly requests: readonly ProxiedRequest[];
}

export interface Bucket {
  readonly proxy: S3Proxy;
  readonly client: S3Client;
  put(key: string, body?: string | Uint8Array, storageClass?: 'GLACIER' | 'DEEP_ARCHIVE' | 'GLACIER_IR'): Promise<void>;
  list(
    operands: readonly string[],
    options?: { readonly selection?: Partial<Selection>; readonly store?: string },
  ): Promise<Listed>;
  /** The one object of that key, as it is listed. */
  source(key: string): Promise<S3Source>;
  stop(): Promise<void>;
}

/** An empty one. The environment points at the proxy until `stop`, which stops the server, too. */
export const openBucket = async (server: S3Server): Promise<Bucket> => {
  const proxy = await startS3Proxy(server.port);
  for (const [name, value] of Object.entries(s3Environment(proxy.endpoint))) vi.stubEnv(name, value);
  const client = await createS3Client(QUICK);
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const list: Bucket['list'] = async (operands, { selection = {}, store = './nowhere' } = {}) => {
    const facts = new ListingFacts();
    proxy.requests.length = 0;
    const listing = { store, selection: { ...EVERYTHING, ...selection }, client: async () => client, facts };
    const found = await Array.fromAsync(listSources(operands, listing));
    const sources = found.filter((one): one is SourceObject => !(one instanceof SourceError));
    const problems = found.filter((one) => one instanceof SourceError);
    const names = sources.map(({ name }) => name.replace(`s3://${BUCKET}/`, ''));
    return { sources, names, problems, facts, requests: [...proxy.requests] };
  };
  return {
    ...{ proxy, client, list },
    put: async (key, body = key, storageClass) => {
      const archive = storageClass === undefined ? {} : { StorageClass: storageClass };
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: Buffer.from(body), ...archive }));
    },
    source: async (key) => {
      const [found] = (await list([`s3://${BUCKET}/${key}`])).sources;
      if (found?.kind !== 's3') throw new Error(`${key} is not listed`);
      return found;
    },
    stop: async () => {
      vi.unstubAllEnvs();
      client.destroy();
      await proxy.stop();
      await server.stop();
    },
  };
};

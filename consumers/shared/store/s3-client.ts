// Turns the AWS SDK's own settings (variables, profile) into an S3 client that fails in bounded time.
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type RetryLimits, s3Retries } from './s3-retries.ts';

export interface S3Limits extends RetryLimits {
  readonly connect: number; // ms
  readonly idle: number; // ms without a byte either way
  readonly request: number; // ms for one attempt until its answer begins, its body included
}

/**
 * What is silent fails by `idle`, and `patience` with it stays below the deadline of a call (deadline.ts). `request` is
 * for a line that trickles: 100 MiB at 0.6 MB/s pass. Eight attempts are about ten seconds of a server that is away,
 * and three quarters of a minute of one that says SlowDown.
 */
export const S3_LIMITS: S3Limits = {
  connect: 5_000,
  idle: 20_000,
  request: 180_000,
  attempts: 8,
  patience: 90_000,
  pause: 100,
};

/**
 * Region, endpoint and (unless given) credentials come from where the SDK takes them. With an endpoint of one's own (AWS_ENDPOINT_URL,
 * AWS_ENDPOINT_URL_S3, or a profile's) the bucket goes into the path, because such a host has no name for each bucket.
 * The handler speaks HTTP/1.1, which every S3-compatible server does.
 */
export const createS3Client = async (
  limits: S3Limits = S3_LIMITS,
  credentials?: S3ClientConfig['credentials'],
): Promise<S3Client> => {
  const config = {
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: limits.attempts, // told to the server in a header
    retryStrategy: s3Retries(limits),
    followRegionRedirects: true,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: limits.connect,
      socketTimeout: limits.idle,
      requestTimeout: limits.request,
      throwOnRequestTimeout: true,
    }),
  };
  const client = new S3Client(config);
  const endpoint = await client.config.serviceConfiguredEndpoint?.();
  return endpoint === undefined ? client : new S3Client({ ...config, endpoint, forcePathStyle: true });
};

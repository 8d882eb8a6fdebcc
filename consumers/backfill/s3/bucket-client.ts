// Turns --role and --external-id into the S3 client that reads the sources.
import type { S3Client } from '@aws-sdk/client-s3';
import { assumedRole } from '../../shared/assumed-role.ts';
import { createS3Client, S3_LIMITS, type S3Limits } from '../../shared/store/s3-client.ts';

export interface BucketAccess {
  /** Null: the SDK's own credentials. */
  readonly role: string | null;
  readonly externalId: string | null;
}

/** Asks nobody yet: a role that is refused fails the first request, with VF_SERVICE. Throws VF_USAGE for no role. */
export const openBucketClient = async (access: BucketAccess, limits: S3Limits = S3_LIMITS): Promise<S3Client> =>
  access.role === null ? createS3Client(limits) : createS3Client(limits, assumedRole(access.role, access.externalId));

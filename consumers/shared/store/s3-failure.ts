// Turns what an S3 request failed with into what it means: absent, refused, in doubt, or one sentence for a person.
import { S3ServiceException } from '@aws-sdk/client-s3';
import { VpcflowError } from '../../../schemas/errors.ts';
import { systemCode } from './failure.ts';

/** The HTTP status of the answer, or undefined when there was none. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** Whether the object is not there; a missing bucket is something else. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof S3ServiceException && statusOf(error) === 404 && error.name !== 'NoSuchBucket';

/** Whether S3 said that it did not carry the request out: elsewhere (3xx), or any 4xx but those of a time-out or limit. */
export const isDefiniteRefusal = (error: unknown): boolean => {
  const status = statusOf(error);
  return status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 429;
};

/** Whether an earlier attempt of the same request, unseen by us, may have been carried out. */
export const wasRetried = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return true;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('attempts' in metadata)) return true;
  return metadata.attempts !== 1;
};

/** A VF_STORE_UNREACHABLE that says which store, doing what, and why; a VpcflowError is handed on as it is. */
export const s3Failure = (uri: string, doing: string, error: unknown): VpcflowError => {
  if (error instanceof VpcflowError) return error;
  return new VpcflowError('VF_STORE_UNREACHABLE', `${uri}: cannot ${doing}: ${why(error)}`, { cause: error });
};

const why = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const status = statusOf(error);
  if (status === 403) return `access is denied (${error.name})`;
  if (error.name === 'NoSuchBucket') return 'there is no such bucket';
  if (systemCode(error) === 'ECONNREFUSED') return 'nothing answers at the endpoint (connection refused)';
  if (error.name === 'TimeoutError') return 'it does not answer in time';
  const text = error.message === '' || error.message === 'UnknownError' ? '' : `: ${error.message}`;
  return `${error.name}${status === undefined ? '' : ` ${status}`}${text}`;
};

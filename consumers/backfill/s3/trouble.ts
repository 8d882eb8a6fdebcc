// Turns what a request to the bucket of the sources failed with into what it means for one object, or for one listing.
import { VpcflowError } from '../../../schemas/errors.ts';
import { adviceOf, troubleOf } from '../../shared/aws-trouble.ts';
import { statusOf } from '../../shared/store/s3-failure.ts';

interface Verdict {
  readonly what: string;
  readonly help: string;
}

const AGAIN = 'run it again: what is loaded is not read twice';

/** Storage classes whose objects have to be restored before they can be read. */
const ARCHIVED: readonly (string | undefined)[] = ['GLACIER', 'DEEP_ARCHIVE'];

export const isArchived = (storageClass: string | undefined): boolean => ARCHIVED.includes(storageClass);

const unreadable = (name: string, { what, help }: Verdict, cause?: unknown): VpcflowError =>
  new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read ${name}: ${what}`, { cause, help });

/** `restoring`: a restore of it is under way. */
export const archivedTrouble = (name: string, storageClass: string, restoring: boolean): VpcflowError => {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(name) ?? [];
  const command = `aws s3api restore-object --bucket ${bucket} --key '${key}' --restore-request Days=7`;
  return unreadable(
    name,
    restoring
      ? { what: `it is in the storage class ${storageClass} and being restored`, help: 'run it again when it is there' }
      : { what: `it is in the storage class ${storageClass}`, help: `restore it (${command}), then run it again` },
  );
};

const REPLACED = 'was replaced while it was read';

export const replacedTrouble = (name: string, cause?: unknown): VpcflowError => {
  const help = 'run it again: it reads what is there then';
  const message = `${name} ${REPLACED}`;
  return new VpcflowError('VF_SOURCE_UNREADABLE', message, { cause, help });
};

/** Whether an object of that name is there, and has other content than was asked for. */
export const isReplaced = ({ message }: VpcflowError, name: string): boolean => message === `${name} ${REPLACED}`;

/** Its answers began and did not come to their end, `times` in a row: nothing that is the matter with the next one. */
export const brokenTrouble = (name: string, times: number, cause: unknown): VpcflowError => {
  const { detail } = troubleOf(cause);
  return unreadable(
    name,
    { what: `its content broke off ${times} times, at last with: ${detail}`, help: AGAIN },
    cause,
  );
};

const ofKey = (error: unknown): boolean =>
  error instanceof Error && (/^KMS(?!.*Throttl)/.test(error.name) || /\bkms:\w+/.test(error.message));

/** What befell any request to a bucket, or null: only who asked can say. */
const commonVerdict = (error: unknown, bucket: string): Verdict | null => {
  if (!(error instanceof Error)) return null;
  if (error.name === 'NoSuchBucket') {
    return { what: `there is no bucket ${bucket}`, help: 'check its name, and the account and endpoint that are used' };
  }
  const elsewhere =
    /^(PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/;
  if (elsewhere.test(error.name) || statusOf(error) === 301) {
    const help = 'set AWS_REGION to the region of the bucket (aws s3api get-bucket-location says it)';
    return { what: `the bucket ${bucket} is in another region`, help };
  }
  if (troubleOf(error).kind === 'busy' || statusOf(error) === 503) {
    return { what: `S3 asks to slow down (${error.name})`, help: AGAIN };
  }
  return null;
};

/** Credentials, clock, network: not the fault of what was asked for, and the same for whatever comes next. */
const serviceTrouble = (doing: string, error: unknown): VpcflowError | null => {
  if (error instanceof VpcflowError) return error;
  const advice = adviceOf(troubleOf(error), 'set AWS_REGION to the region of the bucket');
  if (advice === null) return null;
  return new VpcflowError('VF_SERVICE', `${doing}: ${advice.what}`, { cause: error, help: advice.remedy });
};

/**
 * Of getting one object: VF_SOURCE_UNREADABLE, or VF_SERVICE where no other object can be got either.
 * @param name s3:// URI
 */
export const objectTrouble = (name: string, error: unknown): VpcflowError => {
  const service = serviceTrouble(`cannot read ${name}`, error);
  if (service !== null) return service;
  const status = statusOf(error);
  const errorName = error instanceof Error ? error.name : '';
  const bucket = name.split('/')[2] ?? '';
  if (status === 412) return replacedTrouble(name, error);
  if (errorName === 'InvalidObjectState') {
    const given = error instanceof Error && 'StorageClass' in error ? String(error.StorageClass ?? '') : '';
    const archived = archivedTrouble(name, given === '' ? 'GLACIER (or another archive)' : given, false);
    return new VpcflowError(archived.code, archived.message, { cause: error, help: archived.help });
  }
  return unreadable(name, commonVerdict(error, bucket) ?? objectVerdict(error, status, errorName), error);
};

const objectVerdict = (error: unknown, status: number | undefined, name: string): Verdict => {
  if (ofKey(error)) {
    const help = 'allow these credentials kms:Decrypt on the key, in their policy and in that of the key';
    return { what: `the KMS key of it is denied (${troubleOf(error).detail})`, help };
  }
  if (status === 404) {
    return { what: 'it is not there any more', help: 'a lifecycle rule or another program removed it: list again' };
  }
  if (status === 403) {
    const help = 'allow these credentials s3:GetObject on it (in another account: take on a role there with --role)';
    return { what: `access is denied (${troubleOf(error).detail || name})`, help };
  }
  return { what: troubleOf(error).detail, help: AGAIN };
};

/** A prefix below which nothing lies. */
export const nothingThere = (uri: string): VpcflowError => {
  const help = 'check the bucket and the prefix: whole directories are meant, so not the begin of a name';
  return new VpcflowError('VF_SOURCE_UNREADABLE', `there is no object at or below ${uri}`, { help });
};

/** Of listing what lies under one prefix: VF_SOURCE_UNREADABLE, or VF_SERVICE where no other can be listed either. */
export const listingTrouble = (bucket: string, prefix: string, error: unknown): VpcflowError => {
  const uri = `s3://${bucket}/${prefix}`;
  const service = serviceTrouble(`cannot list ${uri}`, error);
  if (service !== null) return service;
  const { detail } = troubleOf(error);
  const denied = { what: `access is denied (${detail})`, help: `allow these credentials s3:ListBucket on ${bucket}` };
  const { what, help } =
    commonVerdict(error, bucket) ?? (statusOf(error) === 403 ? denied : { what: detail, help: AGAIN });
  return new VpcflowError('VF_SOURCE_UNREADABLE', `cannot list ${uri}: ${what}`, { cause: error, help });
};

// Turns the ARN of a role into the credentials that a session of it has, renewed before they expire.
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { VpcflowError } from '../../schemas/errors.ts';
import { adviceOf, type Trouble, troubleOf } from './aws-trouble.ts';

/** What every client of the SDK takes as `credentials`. */
export type CredentialsProvider = Extract<
  NonNullable<S3ClientConfig['credentials']>,
  (...args: never[]) => Promise<unknown>
>;

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/;
const SESSION = 'vpcflow';

const refusal = (role: string, trouble: Trouble, cause: unknown): VpcflowError => {
  const advice = adviceOf(trouble, 'set AWS_REGION');
  const why = advice?.what ?? trouble.detail;
  const allow =
    'allow these credentials sts:AssumeRole on it, have its trust policy name them, and give the --external-id that it asks for';
  const help = advice?.remedy ?? (trouble.kind === 'denied' ? allow : null);
  return new VpcflowError('VF_SERVICE', `cannot take on the role ${role}: ${why}`, {
    cause,
    ...(help === null ? {} : { help }),
  });
};

/**
 * Credentials of a session `vpcflow` of the role, taken with the SDK's own credentials; a client asks again before they
 * expire. Where STS is comes from the SDK's settings, its region from the client that asks.
 * @throws VF_USAGE when `role` is no ARN of a role; the provider rejects with VF_SERVICE.
 */
export const assumedRole = (role: string, externalId: string | null): CredentialsProvider => {
  if (!ROLE.test(role)) {
    const help = 'give its ARN, such as arn:aws:iam::123456789012:role/flow-log-reader';
    throw new VpcflowError('VF_USAGE', `${JSON.stringify(role)} is no role`, { help });
  }
  const params = {
    RoleArn: role,
    RoleSessionName: SESSION,
    ...(externalId === null ? {} : { ExternalId: externalId }),
  };
  const provider = fromTemporaryCredentials({ params });
  return async (properties) => {
    try {
      return await provider(properties);
    } catch (error) {
      throw refusal(role, troubleOf(error), error);
    }
  };
};

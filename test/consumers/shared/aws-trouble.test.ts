// Each way in which AWS says no becomes its kind, whatever the service calls it, and nothing secret is handed on.
import { expect, test } from 'vitest';
import { adviceOf, type TroubleKind, troubleOf } from '../../../consumers/shared/aws-trouble.ts';
import { VpcflowError } from '../../../schemas/errors.ts';

const named = (name: string, message = 'no', more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });
const answered = (status: number): object => ({ $metadata: { httpStatusCode: status } });

const CASES: readonly (readonly [string, TroubleKind, Error])[] = [
  ['Kinesis and DynamoDB', 'denied', named('AccessDeniedException', 'User … is not authorized', answered(400))],
  ['S3 and STS', 'denied', named('AccessDenied', 'Access Denied', answered(403))],
  ['EC2', 'denied', named('UnauthorizedOperation', 'You are not authorized', answered(403))],
  ['a HEAD of S3, which has no body', 'denied', named('403', 'UnknownError', answered(403))],
  ['a key of KMS', 'denied-key', named('KMSAccessDeniedException', 'the ciphertext refers to a key', answered(400))],
  ['a disabled key', 'denied-key', named('KMSDisabledException', 'arn:… is disabled', answered(400))],
  ['KMS over its limit', 'busy', named('KMSThrottlingException', 'rate exceeded', answered(400))],
  ['an old session', 'expired', named('ExpiredTokenException', 'The security token is expired', answered(400))],
  ['an old session of S3', 'expired', named('ExpiredToken', 'The provided token has expired.', answered(400))],
  ['an unknown key', 'bad-credentials', named('UnrecognizedClientException', 'invalid', answered(400))],
  ['an unknown key of STS', 'bad-credentials', named('InvalidClientTokenId', 'invalid', answered(403))],
  ['an unknown key of S3', 'bad-credentials', named('InvalidAccessKeyId', 'does not exist', answered(403))],
  ['a wrong secret', 'bad-credentials', named('InvalidSignatureException', 'does not match', answered(400))],
  [
    'a wrong clock',
    'clock',
    named('InvalidSignatureException', 'Signature expired: 2026 is now earlier', answered(400)),
  ],
  ['a clock ahead', 'clock', named('InvalidSignatureException', 'Signature not yet current: 2026', answered(400))],
  ['a wrong clock of S3', 'clock', named('RequestTimeTooSkewed', 'The difference is too large', answered(403))],
  ['no credentials', 'no-credentials', named('CredentialsProviderError', 'Could not load credentials')],
  ['no region', 'no-region', named('Error', 'Region is missing')],
  ['a region of no letters', 'no-region', named('Error', 'Region not accepted: region="" is not a valid')],
  ['nobody listens', 'unreachable', named('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' })],
  ['no such host', 'unreachable', named('Error', 'getaddrinfo ENOTFOUND', { code: 'ENOTFOUND' })],
  ['a certificate of somebody else', 'unreachable', named('Error', 'expired', { code: 'CERT_HAS_EXPIRED' })],
  ['no answer', 'silent', named('TimeoutError', 'socket hang up')],
  ['no such stream or table', 'absent', named('ResourceNotFoundException', 'not found', answered(400))],
  ['no such bucket', 'absent', named('NoSuchBucket', 'The bucket does not exist', answered(404))],
  ['over the limit of a shard', 'busy', named('ProvisionedThroughputExceededException', 'slow', answered(400))],
  ['anything else', 'other', named('InternalFailure', 'oops', answered(500))],
];

test.for(CASES)('%s: %s', ([, kind, error]) => {
  expect(troubleOf(error, {}).kind).toBe(kind);
  // Our own error around it hides nothing.
  const wrapped = new VpcflowError('VF_STORE_UNREACHABLE', 's3://flows: cannot write it', { cause: error });
  expect(troubleOf(wrapped, {}).kind).toBe(kind);
});

test('an error of our own that no service caused says itself what to do', () => {
  const cause = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  const error = new VpcflowError('VF_STORE_UNREACHABLE', './data: cannot write it: permission is denied', { cause });
  expect(troubleOf(error, {})).toEqual({ kind: 'other', detail: error.message, help: error.help });
});

test('what is printed has no secret, no user of an endpoint, no line break and an end', () => {
  const environment = { AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7', AWS_SESSION_TOKEN: 'IQoJb3JpZ2lu' };
  const message = `failed at https://me:pass@proxy/ with\nwJalrXUtnFEMI/K7 and IQoJb3JpZ2lu ${'x'.repeat(1000)}`;
  const { detail } = troubleOf(named('InternalFailure', message, answered(500)), environment);
  expect(detail).toMatch(/^InternalFailure 500: failed at https:\/\/proxy\/ with … and … x+$/);
  expect(detail.length).toBeLessThanOrEqual(600);
  const signature = named('SignatureDoesNotMatch', 'The Canonical String: x-amz-security-token:…', answered(403));
  expect(troubleOf(signature, {}).detail).toBe('SignatureDoesNotMatch');
});

test('what to do is said where it does not depend on what was asked for', () => {
  const region = adviceOf(troubleOf(named('Error', 'Region is missing'), {}));
  expect(region?.remedy).toBe('set AWS_REGION to the region of the stream, or name the stream by its ARN');
  const other = adviceOf(troubleOf(named('Error', 'Region is missing'), {}), 'pass --regions');
  expect(other).toEqual({ what: 'no AWS region is set', remedy: 'pass --regions' });
  const credentials = adviceOf(troubleOf(named('CredentialsProviderError', 'Could not load credentials'), {}));
  expect(credentials?.remedy).toMatch(/^set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
  expect(adviceOf(troubleOf(named('AccessDeniedException'), {}))).toBeNull();
});

test('what is thrown and no error is still something to print', () => {
  expect(troubleOf('a text', {})).toEqual({ kind: 'other', detail: 'a text', help: null });
});

// Turns whatever a call to AWS failed with into its kind, a sentence that is safe to print, and what to do about it.
import { VpcflowError } from '../../schemas/errors.ts';

/**
 * `denied`: known, but not allowed; `denied-key`: the KMS key is; `clock`: refused because of the time of the signature;
 * `silent`: no answer in time; `absent`: there is no such thing; `busy`: allowed, and over a limit at this moment.
 */
export type TroubleKind =
  | ('denied' | 'denied-key' | 'expired' | 'no-credentials' | 'bad-credentials' | 'no-region' | 'clock')
  | ('unreachable' | 'silent' | 'absent' | 'busy' | 'other');

export interface Trouble {
  readonly kind: TroubleKind;
  /** Never holds a secret: the messages of signature errors, which repeat signed headers, are not handed on. */
  readonly detail: string;
  /** What to do, where an error of our own says it. */
  readonly help: string | null;
}

/** Names of errors as the services give them; S3, EC2-style and JSON services have their own for the same thing. */
const NAMES: readonly (readonly [TroubleKind, RegExp])[] = [
  ['denied-key', /^KMS(?!Throttling)\w*$/],
  ['expired', /^(ExpiredToken(Exception)?|RequestExpired|TokenRefreshRequired|ExpiredTokenException)$/],
  ['clock', /^(RequestTimeTooSkewed|RequestInTheFuture)$/],
  [
    'bad-credentials',
    /^(UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|InvalidToken|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature(Exception)?|AuthFailure|MissingAuthenticationToken(Exception)?|NotSignedUp)$/,
  ],
  ['denied', /^(AccessDenied(Exception)?|UnauthorizedOperation|AuthorizationError(Exception)?|UnauthorizedException)$/],
  ['no-credentials', /^(CredentialsProviderError|TokenProviderError)$/],
  ['silent', /^(TimeoutError|AbortError)$/],
  ['busy', /^(ProvisionedThroughputExceeded|(KMS)?Throttling|LimitExceeded|RequestLimitExceeded|SlowDown)/],
  ['absent', /^(ResourceNotFoundException|NoSuchBucket|NoSuchKey|NotFound)$/],
];

/** A refusal names the principal, the action and the resource: room for three ARNs and the words between. */
const LONGEST = 600;

const UNREACHABLE =
  /^(E(CONN\w+|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|PIPE|PROTO)|CERT_\w+|\w+_CERT\w*|ERR_TLS\w*|ERR_SSL\w*)$/;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** One line, not too long, and without the secrets of this process and of an endpoint's URL. */
const printable = (message: string, environment: Readonly<Record<string, string | undefined>>): string => {
  const secrets = [environment.AWS_SECRET_ACCESS_KEY, environment.AWS_SESSION_TOKEN].filter((one) => one !== undefined);
  const safe = secrets.filter((one) => one.length > 3).reduce((line, one) => line.replaceAll(one, '…'), message);
  return safe
    .replace(/\/\/[^/@\s]+@/g, '//')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST);
};

const kindOf = (name: string, code: string, message: string, status: unknown): TroubleKind => {
  // A signature that is too old is an "invalid signature" to most services; only the message tells.
  if (/signature (has )?expired|not yet current|too skewed/i.test(message)) return 'clock';
  const named = NAMES.find(([, pattern]) => pattern.test(name));
  if (named !== undefined) return named[0];
  if (UNREACHABLE.test(code)) return 'unreachable';
  if (/^region (is missing|not accepted: region="")/i.test(message)) return 'no-region'; // unset, and set to nothing
  if (/credential/i.test(message) && /could not load|is not valid|not found/i.test(message)) return 'no-credentials';
  return status === 403 ? 'denied' : 'other';
};

/** The HTTP status of an answer, or undefined when there was none. */
const statusOf = (error: Error): unknown =>
  '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null
    ? new Map(Object.entries(error.$metadata)).get('httpStatusCode')
    : undefined;

/** Looks at the error, and at its cause where the error is one of our own around what a service said. */
export const troubleOf = (
  error: unknown,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Trouble => {
  if (!(error instanceof Error)) return { kind: 'other', detail: printable(String(error), environment), help: null };
  const wire = error instanceof VpcflowError && error.cause instanceof Error ? error.cause : error;
  const status = statusOf(wire);
  const code = 'code' in wire ? text(wire.code) : '';
  const kind = kindOf(wire.name, code, wire.message, status);
  if (kind === 'other' && error instanceof VpcflowError)
    return { kind, detail: printable(error.message, environment), help: error.help };
  const told = kind === 'bad-credentials' || kind === 'clock' ? '' : wire.message;
  const name = wire.name === 'Error' ? code : wire.name;
  const numbered = status === undefined || kind !== 'other' ? name : `${name} ${status}`;
  const detail = [numbered, told === 'UnknownError' ? '' : told].filter((part) => part !== '').join(': ');
  return { kind, detail: printable(detail, environment), help: null };
};

/** Of a call that nobody answered. */
export const silence = (ms: number): Trouble => ({
  ...{ kind: 'silent', detail: `no answer within ${ms / 1000} s`, help: null },
});

export interface Advice {
  readonly what: string;
  readonly remedy: string;
}

/** What to do without a region where a stream is asked for; others say it themselves. */
const REGION_OF_STREAM = 'set AWS_REGION to the region of the stream, or name the stream by its ARN';

/**
 * What to do where that does not depend on what was asked for; null: only who asked can say.
 * @param region what gives the call a region.
 */
export const adviceOf = ({ kind, detail }: Trouble, region = REGION_OF_STREAM): Advice | null => {
  switch (kind) {
    case 'expired':
      return {
        what: 'the credentials have expired',
        remedy: 'sign in again (aws sso login), or take new temporary ones',
      };
    case 'no-credentials':
      return {
        what: `no AWS credentials can be used (${detail})`,
        remedy: 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run it under a role of the host',
      };
    case 'bad-credentials':
      return {
        what: `the credentials are not valid (${detail})`,
        remedy: 'check the access key, its secret and the session token, and whether the key was deactivated',
      };
    case 'no-region':
      return { what: 'no AWS region is set', remedy: region };
    case 'clock':
      return {
        what: `the signature has the wrong time (${detail})`,
        remedy: 'set the clock of this host, with NTP',
      };
    case 'unreachable':
      return {
        what: detail,
        remedy:
          'check the region, AWS_ENDPOINT_URL, the proxy and the route (in a VPC: an interface or gateway endpoint)',
      };
    case 'silent':
      return {
        what: detail,
        remedy: 'check the route, security groups and network ACLs (in a VPC: an interface or gateway endpoint)',
      };
    case 'denied':
    case 'denied-key':
    case 'busy':
    case 'absent':
    case 'other':
      return null;
  }
};

// Asks STS whose credentials these are: the account and the principal that every permission is about.
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { attempt, troubled } from './attempt.ts';
import { type Finding, ok, warn } from './check.ts';
import type { Examination } from './examination.ts';
import type { StreamFacts } from './stream-check.ts';

/** Needs no permission. A stream of another account is readable only by its ARN and a policy of its own. */
export const checkIdentity = async (
  examination: Examination,
  stream: Promise<StreamFacts | null>,
): Promise<readonly Finding[]> => {
  const asked = await attempt(examination, (abortSignal) =>
    examination.clients.sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
  );
  if ('trouble' in asked) {
    const { trouble } = asked;
    if (trouble.kind === 'unreachable' || trouble.kind === 'silent') {
      const what = `STS does not say whose credentials these are: ${trouble.detail}`;
      return [warn('identity', what, 'only this check needs STS; in a VPC it wants an interface endpoint of its own')];
    }
    const permission = { action: 'sts:GetCallerIdentity', resource: '*' };
    return [troubled('identity', 'STS does not say whose credentials these are', trouble, permission)];
  }
  const { Account: account = 'unknown', Arn: arn = 'unknown' } = asked.value;
  const mine = ok('identity', `account ${account}, ${arn}`);
  const owner = (await stream)?.identity.account;
  if (owner === undefined || owner === account) return [mine];
  const what = `the stream is of account ${owner}, these credentials are of ${account}`;
  return [
    mine,
    warn('identity', what, 'name the stream by its ARN, and have its resource policy allow this principal'),
  ];
};
